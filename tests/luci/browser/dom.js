/* LuCI.dom: how elements are made, filled, and bound to objects. */

(() => {
	'use strict';

	const bound = new WeakMap();

	function isElement(value) {
		return value != null && typeof value === 'object' && 'nodeType' in value;
	}

	function parse(html) {
		return new DOMParser().parseFromString(html, 'text/html').body.firstChild;
	}

	function appendOne(node, child) {
		if (isElement(child))
			node.appendChild(child);
		else if (child != null)
			node.appendChild(document.createTextNode(`${child}`));
	}

	window.Dom = Class.extend({
		elem: isElement,

		parse: parse,

		matches(node, selector) {
			return isElement(node) && node.matches ? node.matches(selector) : false;
		},

		parent(node, selector) {
			return isElement(node) && node.closest ? node.closest(selector) : null;
		},

		/* As in LuCI, a text that is no part of a list is HTML. */
		append(node, children) {
			if (!isElement(node))
				return null;
			if (Array.isArray(children))
				children.forEach(child => appendOne(node, child));
			else if (typeof children === 'function')
				return this.append(node, children(node));
			else if (isElement(children))
				node.appendChild(children);
			else if (children != null)
				node.innerHTML = `${children}`;
			else
				return null;
			return node.lastChild;
		},

		content(node, children) {
			if (!isElement(node))
				return null;
			while (node.firstChild)
				node.removeChild(node.firstChild);
			return this.append(node, children);
		},

		attr(node, key, value) {
			const attributes = typeof key === 'string' ? { [key]: value } : key || {};

			for (const name of Object.keys(attributes))
				this._setAttribute(node, name, attributes[name]);
		},

		_setAttribute(node, name, value) {
			if (value == null)
				return;
			if (typeof value === 'function')
				node.addEventListener(name, value);
			else
				node.setAttribute(name, typeof value === 'object' ? JSON.stringify(value) : value);
		},

		create(html, ...rest) {
			const hasAttributes = rest[0] instanceof Object && !Array.isArray(rest[0]);
			const element = this._make(html);

			this.attr(element, hasAttributes ? rest[0] : null);
			this.append(element, rest[hasAttributes || rest[0] == null ? 1 : 0]);
			return element;
		},

		_make(html) {
			if (Array.isArray(html)) {
				const fragment = document.createDocumentFragment();

				html.forEach(each => fragment.appendChild(this.create(each)));
				return fragment;
			}
			if (isElement(html))
				return html;
			return html.startsWith('<') ? parse(html) : document.createElement(html);
		},

		bindClassInstance(node, instance) {
			bound.set(node, instance);
			return instance;
		},

		findClassInstance(node) {
			while (node && !bound.has(node))
				node = node.parentNode;
			return node ? bound.get(node) : null;
		},

		callClassMethod(node, method, ...args) {
			const instance = this.findClassInstance(node);

			return instance && typeof instance[method] === 'function' ? instance[method](...args) : null;
		},

		isEmpty(node, ignored) {
			return !Array.from(node ? node.children : []).some(child =>
				!child.classList.contains('hidden') && !(ignored && ignored(child)));
		}
	});
})();
