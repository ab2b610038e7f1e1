// Stands in for ucode's module of that name: the configuration is given.

'use strict';

export function cursor() {
	const uci = global.world.uci;

	return {
		get: (config, section, option) => uci[config]?.[section]?.[option],
		get_first: function(config, kind) {
			for (let name, section in uci[config])
				if (section['.type'] == kind)
					return name;
			return null;
		},
		foreach: function(config, kind, action) {
			for (let name, section in uci[config])
				if (section['.type'] == kind)
					action(section);
		}
	};
};
