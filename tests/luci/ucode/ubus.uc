// Stands in for ucode's module of that name: what ubus would say is given.

'use strict';

export function connect() {
	return {
		call: (object, method) => global.world.ubus[object + ' ' + method]
	};
};
