/* Classes of LuCI: made by extend(), with super() for what a class has taken over from another. */

(() => {
	'use strict';

	const running = new Map();

	function owner(prototype, key) {
		while (prototype && !Object.prototype.hasOwnProperty.call(prototype, key))
			prototype = Object.getPrototypeOf(prototype);
		return prototype;
	}

	function callable(prototype, key) {
		const found = prototype && prototype[key];

		if (typeof found !== 'function')
			throw new ReferenceError(`${key} is not a function in base class`);
		return found;
	}

	const own = {
		/* Without arguments the member itself; with an array of them, or one by one, what it returns. */
		super(key, ...args) {
			const stack = running.get(this) || new Map();
			const last = (stack.get(key) || []).slice(-1)[0] || Object.getPrototypeOf(this);
			const next = owner(Object.getPrototypeOf(last), key);

			if (!args.length)
				return next ? next[key] : null;
			if (!next)
				return null;

			const given = args[0] && typeof args[0] === 'object' && 'length' in args[0] &&
				!('nodeType' in args[0]) ? Array.from(args[0]) : args;

			running.set(this, stack);
			stack.set(key, (stack.get(key) || []).concat(next));
			try {
				return callable(next, key).apply(this, given);
			}
			finally {
				stack.get(key).pop();
			}
		},

		varargs(args, offset, ...more) {
			return more.concat(Array.from(args).slice(offset));
		}
	};

	function extend(members) {
		const base = this;
		const made = function(...args) {
			if (!(this instanceof made))
				throw new TypeError('a class is made with "new"');
			if (Object.prototype.hasOwnProperty.call(made.prototype, '__init__'))
				this.__init__(...args);
			else
				this.super('__init__', args);
		};

		made.prototype = Object.create(base.prototype, Object.getOwnPropertyDescriptors(members));
		Object.defineProperty(made.prototype, 'constructor', { value: made });
		made.extend = extend;
		made.singleton = (own_members, ...args) => made.extend(own_members).instantiate(args);
		made.instantiate = args => new made(...args);
		made.isSubclass = other => typeof other === 'function' && other.prototype instanceof made;
		return made;
	}

	function Class() {}

	Object.assign(Class.prototype, own);
	window.Class = extend.call(Class, {});
})();
