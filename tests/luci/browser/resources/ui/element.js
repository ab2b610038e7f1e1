'use strict';
'require baseclass';
'require dom';
'require validation';

/* What all widgets have in common; each has its value in `node`, which it makes in render(). */

return baseclass.extend({
	Element: baseclass.extend({
		__init__(value, options) {
			this.value = value;
			this.options = Object.assign({ optional: true }, options);
		},

		getValue() {
			return this.node.value;
		},

		setValue(value) {
			this.node.value = value;
		},

		isValid() {
			return this.validState !== false;
		},

		getValidationError() {
			return this.validationError || '';
		},

		isChanged() {
			return this.node.getAttribute('data-changed') === 'true';
		},

		triggerValidation() {
			const before = this.isValid();

			if (this.check)
				this.check();
			return this.isValid() !== before;
		},

		setPlaceholder(text) {
			const input = this.node.querySelector('input, textarea');

			if (input)
				input.placeholder = text || '';
		},

		/* `frame` is the widget; `target` the part of it that has the events. */
		_bind(frame, target, updates, changes) {
			this.node = frame;
			dom.bindClassInstance(frame, this);
			frame.addEventListener('validation-success', () => this._setValid(true, ''));
			frame.addEventListener('validation-failure', ev => this._setValid(false, ev.detail.message));
			if (this.options.validate)
				this.check = validation.watch(target, this.options.optional, this.options.validate, updates);
			updates.forEach(name => target.addEventListener(name, () => this._tell('widget-update')));
			changes.forEach(name => target.addEventListener(name, () => {
				frame.setAttribute('data-changed', true);
				this._tell('widget-change');
			}));
			return frame;
		},

		_setValid(isValid, message) {
			this.validState = isValid;
			this.validationError = message;
		},

		_tell(name) {
			this.node.dispatchEvent(new CustomEvent(name, { bubbles: true }));
		},

		_widgetId() {
			return this.options.id ? `widget.${this.options.id}` : null;
		},

		_flag(name) {
			return this.options[name] ? '' : null;
		}
	})
});
