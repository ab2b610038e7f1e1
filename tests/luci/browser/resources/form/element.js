'use strict';
'require baseclass';

/* What maps, sections and options of a form have in common. */

function isSame(a, b) {
	if (b instanceof RegExp)
		return a != null && b.test(a);
	if (Array.isArray(a) && Array.isArray(b))
		return a.length === b.length && a.every((each, index) => each === b[index]);
	return a == null ? b == null : a === b;
}

return baseclass.extend({
	isSame: isSame,

	Element: baseclass.extend({
		__init__(title, description) {
			this.title = title == null ? '' : title;
			this.description = description == null ? '' : description;
			this.children = [];
		},

		append(child) {
			this.children.push(child);
		},

		stripTags(text) {
			return /[<>&]/.test(text) ? L.dom.parse('<div>' + text + '</div>').textContent : text;
		},

		titleFn(name, ...args) {
			const given = this[name];
			const text = typeof given === 'function' ? given.apply(this, args)
				: typeof given === 'string' ? given : '';

			return this.stripTags(String(text == null ? '' : text)).trim() || null;
		}
	})
});
