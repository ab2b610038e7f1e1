'use strict';
'require baseclass';

/* Fields are checked when they are left, and at every key. Of LuCI's data types the app uses none. */

function verdict(field, optional, validate) {
	const value = field.value || '';

	if (!value && !optional)
		return _('Expecting: %s').format(_('non-empty value'));

	const found = typeof validate === 'function' ? validate(value) : true;

	return found === true ? '' : String(found);
}

return baseclass.extend({
	/* Returns the function that checks a field and shows there what is wrong. */
	watch(field, optional, validate, events) {
		const run = () => {
			if (!field.closest('body, [data-field]'))
				return true;

			const message = verdict(field, optional, validate);

			field.classList.toggle('cbi-input-invalid', !!message);
			if (message) {
				field.setAttribute('data-tooltip', message);
				field.setAttribute('data-tooltip-style', 'error');
			}
			else {
				field.removeAttribute('data-tooltip');
				field.removeAttribute('data-tooltip-style');
			}
			field.dispatchEvent(new CustomEvent(message ? 'validation-failure' : 'validation-success',
				{ bubbles: true, detail: { message: message } }));
			return !message;
		};

		events.forEach(name => field.addEventListener(name, run));
		run();
		return run;
	}
});
