'use strict';
'require baseclass';
'require dom';
'require opentracker.graph as graph';
'require opentracker.units as units';

/* The graph of requests per second, as LuCI's graphs of the moment look. */

const SVG = 'http://www.w3.org/2000/svg';
const MINUTES = 5;
const HIGHEST = 300;
const LOWEST = 180;

/* Readable on white and on black, and by people who don't tell red from green. */
const SERIES = [
	{ key: 'http', title: _('HTTP'), colour: '#2f80ed' },
	{ key: 'udp', title: _('UDP'), colour: '#e07b00' }
];

function svg(tag, attributes, children) {
	const node = document.createElementNS(SVG, tag);

	Object.keys(attributes).forEach(name => node.setAttribute(name, attributes[name]));
	(children || []).forEach(child => node.appendChild(child));
	return node;
}

function rule(x1, y1, x2, y2) {
	return svg('line', { x1, y1, x2, y2, 'stroke': 'currentColor', 'stroke-opacity': 0.2 });
}

function label(x, y, text) {
	return svg('text', { x, y, 'fill': 'currentColor', 'fill-opacity': 0.7, 'font-size': '9pt' },
		[ document.createTextNode(text) ]);
}

/* The lowest row is the edge, and a label has no room above the highest one. */
function grid(found, width, height) {
	const nodes = [];

	found.rows.slice(1).forEach(row => {
		nodes.push(rule(0, row.y, width, row.y));
		nodes.push(label(5, row.y + (row.y < 15 ? 13 : -4), row.label));
	});
	found.columns.forEach(column => {
		nodes.push(rule(column.x, 0, column.x, height));
		nodes.push(label(column.x + 5, 13, column.label));
	});
	return nodes;
}

function legendCells(series) {
	const cells = { now: document.createTextNode(''), average: document.createTextNode(''),
		peak: document.createTextNode('') };
	const cell = (title, child) =>
		E('td', { 'class': 'td', 'data-title': title, 'style': 'flex:1 1 20%' }, [ child ]);
	const row = E('tr', { 'class': 'tr' }, [
		cell(_('Requests'), E('strong', { 'style': 'border-bottom:2px solid ' + series.colour }, [ series.title ])),
		cell(_('Current'), cells.now),
		cell(_('Average'), cells.average),
		cell(_('Peak'), cells.peak)
	]);

	return { row, cells };
}

/* Returns { node, update(history) }. */
function make() {
	const areas = svg('g', {});
	const lines = svg('g', {});
	const background = svg('g', {});
	const picture = svg('svg', { 'width': '100%', 'role': 'img', 'aria-label': _('Requests per second') },
		[ background, areas, lines ]);
	const curves = SERIES.map(series => {
		const area = svg('polygon', { 'fill': series.colour, 'fill-opacity': 0.25 });
		const line = svg('polyline', { 'fill': 'none', 'stroke': series.colour, 'stroke-width': 1.5,
			'data-series': series.key });

		areas.appendChild(area);
		lines.appendChild(line);
		return { area, line };
	});
	const legends = SERIES.map(legendCells);
	const frame = E('div', { 'style': 'border:1px solid; overflow:hidden; line-height:0' }, [ picture ]);

	let shown = {};

	function draw() {
		const width = frame.clientWidth || 600;
		const height = Math.max(LOWEST, Math.min(HIGHEST, Math.round(width / 3)));
		const found = graph.draw(shown, width, height, MINUTES);

		picture.setAttribute('height', height);
		picture.setAttribute('viewBox', [ 0, 0, width, height ].join(' '));
		dom.content(background, grid(found, width, height));
		SERIES.forEach((series, index) => {
			const curve = found[series.key];

			curves[index].area.setAttribute('points', curve.area);
			curves[index].line.setAttribute('points', curve.line);
			[ 'now', 'average', 'peak' ].forEach(which => {
				legends[index].cells[which].data = units.rate(curve[which]);
			});
		});
	}

	window.addEventListener('resize', draw);

	return {
		node: E('div', {}, [
			frame,
			E('div', { 'class': 'right' }, [
				E('small', {}, [ _('(the last %d minutes)').format(MINUTES) ])
			]),
			E('table', { 'class': 'table' }, [
				E('tr', { 'class': 'tr table-titles' }, [
					E('th', { 'class': 'th' }, [ _('Requests') ]),
					E('th', { 'class': 'th' }, [ _('Current') ]),
					E('th', { 'class': 'th' }, [ _('Average') ]),
					E('th', { 'class': 'th' }, [ _('Peak') ])
				])
			].concat(legends.map(legend => legend.row)))
		]),
		update(history) {
			shown = history;
			draw();
		}
	};
}

return baseclass.extend({
	make: make
});
