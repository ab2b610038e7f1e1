'use strict';
'require form';
'require uci';
'require ui';
'require view';
'require opentracker.messages as messages';
'require opentracker.options as options';
'require opentracker.service as service';
'require opentracker.values as values';

const CONFIG = 'opentracker';
const ALL_INTERFACES = '*';
const SECRETS = [ 'livesync_key' ];

function placeholderOf(option) {
	if (option.default || SECRETS.includes(option.name))
		return option.default;
	return option.example && _('such as %s').format(option.example);
}

function widgetOf(option) {
	if (option.kind === 'flag')
		return form.Flag;
	if (option.choices)
		return form.ListValue;
	return option.repeatable ? form.DynamicList : form.Value;
}

/* A value of the list that was typed and not added yet would get lost if it is wrong. */
function typedInto(element) {
	const input = element && element.node.querySelector('.add-item > input[type="text"]');
	return input ? [ input.value ] : [];
}

function validate(option, field, sectionId, text) {
	if (text || !option.repeatable)
		return values.check(option, text) || true;
	const listed = L.toArray(field.formvalue(sectionId));
	return values.checkAll(option, listed.concat(typedInto(field.getUIElement(sectionId)))) || true;
}

/* Flags and choices know one text for each value, UCI several, and none for the default. */
function keepMeaning(field, option) {
	field.default = option.default;
	field.load = sectionId => values.meaning(option, uci.get(CONFIG, sectionId, option.name));
	field.write = (sectionId, text) => {
		const before = field.cfgvalue(sectionId);
		if (text === option.default && before !== text)
			uci.unset(CONFIG, sectionId, option.name);
		else if (before !== text)
			uci.set(CONFIG, sectionId, option.name, text);
	};
	field.remove = sectionId => field.write(sectionId, option.default);
}

function addInterfaces(field) {
	field.placeholder = _('add an interface');
	field.value(ALL_INTERFACES, _('all interfaces'));
	for (const section of uci.sections('network', 'interface'))
		if (section['.name'] !== 'loopback')
			field.value(section['.name']);
}

function addOption(section, tab, option) {
	const help = [ option.help ].concat(option.notes || []).join(' ');
	const field = section.taboption(tab.name, widgetOf(option), option.name, option.title, help);
	field.placeholder = placeholderOf(option);
	field.password = SECRETS.includes(option.name);
	field.validate = (sectionId, text) => validate(option, field, sectionId, text);
	for (const choice in option.choices || {})
		field.value(choice, option.choices[choice]);
	if (option.kind === 'flag' || option.choices)
		keepMeaning(field, option);
	if (option.name === 'interface')
		addInterfaces(field);
}

/* Where there is no section, LuCI offers to add one; then there is no more to offer. */
function offerSection(section) {
	section.description = _('The configuration has no section for the tracker.');
	section.addremove = true;
	section.addbtntitle = _('Add it');
	section.handleAdd = function(ev) {
		this.addremove = false;
		this.description = '';
		return form.NamedSection.prototype.handleAdd.call(this, ev);
	};
}

const FOUND = {
	wrong: {
		title: _('The tracker does not take these settings'),
		text: _('If it runs, it goes on with those it had before. Correct what is listed here, then “Save & Apply”.'),
		level: 'danger'
	},
	waiting: {
		title: _('The tracker waits for an address'),
		text: _('It begins to serve once the interface has one.'),
		level: 'warning'
	},
	odd: {
		title: _('Some settings have no effect'),
		text: _('The tracker takes them nevertheless.'),
		level: 'warning'
	},
	unknown: {
		title: _('The settings could not be checked'),
		text: _('If something is wrong with them, “logread -e opentracker” on the router says what.'),
		level: 'warning'
	}
};

/* What the router says of the settings that were applied last; LuCI loads the page anew after that. */
function showWhatIsWrong() {
	return service.examine().then(found => {
		const shown = FOUND[found.state];
		const lines = found.lines.map(line => E('li', {}, [ messages.shown(line) ]));
		if (shown)
			ui.addNotification(shown.title, [ E('ul', {}, lines), E('p', {}, [ shown.text ]) ], shown.level);
	});
}

return view.extend({
	load: function() {
		return Promise.all([ uci.load(CONFIG), L.resolveDefault(uci.load('network')) ]);
	},

	render: function() {
		const present = uci.sections(CONFIG, CONFIG)[0];
		const map = new form.Map(CONFIG, _('Opentracker: settings'),
			_('“Save & Apply” has a running tracker take the settings over, and its peers are kept. Grey text in an empty field is what counts while it is empty, or an example.'));
		const section = map.section(form.NamedSection, present ? present['.name'] : 'main', CONFIG);

		map.readonly = !L.hasViewPermission();
		if (!present)
			offerSection(section);
		for (const tab of options.tabs) {
			section.tab(tab.name, tab.title, tab.help);
			for (const option of tab.options)
				addOption(section, tab, option);
		}
		return map.render().then(node => {
			showWhatIsWrong();
			return node;
		});
	}
});
