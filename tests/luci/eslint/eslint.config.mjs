// How the LuCI app is written, and what it may use: browsers as old as ES2018, what LuCI gives to every
// module, and what the module itself requires.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import luci from './rules.mjs';

const TOP = fileURLToPath(new URL('../../../', import.meta.url));
const RESOURCES = [
	'luci-app/htdocs/luci-static/resources',
	'tests/luci/browser/resources'
];
const DIRECTIVE = /^'require ([\w.-]+)(?: as (\w+))?';$/gm;

// The sets of rules come with eslint, wherever it was unpacked to.
const { configs } = createRequire(process.argv[1])('@eslint/js');

const BROWSER = [
	'Blob', 'CustomEvent', 'Event', 'File', 'FileReader', 'FormData', 'TextDecoder', 'TextEncoder', 'URL',
	'XMLHttpRequest', 'clearInterval', 'clearTimeout', 'console', 'document', 'location', 'navigator',
	'performance', 'requestAnimationFrame', 'sessionStorage', 'setInterval', 'setTimeout', 'window'
];
const NODE = [
	'Buffer', 'TextDecoder', 'TextEncoder', 'URL', 'clearTimeout', 'console', 'performance', 'process',
	'setImmediate', 'setTimeout'
];
const LUCI = ['E', 'L', '_'];

// What the scripts of the stand-in for LuCI have of each other.
const CORE = ['Class', 'DOMParser', 'Dom', 'E', 'L', 'Poll', 'Request', 'Session', 'View', '_'];

const RULES = {
	...configs.recommended.rules,
	'comma-dangle': 'error',
	'eol-last': 'error',
	'eqeqeq': ['error', 'always', { null: 'ignore' }],
	'indent': ['error', 'tab', { SwitchCase: 0 }],
	'linebreak-style': 'error',
	'max-len': ['error', { code: 120, tabWidth: 4, ignoreStrings: true }],
	'max-lines': ['error', 400],
	'no-eval': 'error',
	'no-implied-eval': 'error',
	'no-shadow': ['error', { hoist: 'never' }],
	'no-tabs': ['error', { allowIndentationTabs: true }],
	'no-trailing-spaces': 'error',
	'no-unused-vars': ['error', { caughtErrors: 'none' }],
	'no-var': 'error',
	'prefer-const': 'error',
	'quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: true }],
	'semi': 'error'
};

const readable = names => Object.fromEntries(names.map(name => [name, 'readonly']));

// One entry for each module: the names that its `require` lines bring are known in it, and nowhere else.
function modules(folder) {
	return readdirSync(join(TOP, folder), { recursive: true })
		.filter(name => name.endsWith('.js'))
		.map(name => {
			const file = join(folder, name);
			const source = readFileSync(join(TOP, file), 'utf8');
			const names = [...source.matchAll(DIRECTIVE)]
				.map(([, required, alias]) => alias || required.replace(/\W/g, '_'));
			return { files: [file], languageOptions: { globals: readable(names) } };
		});
}

export default [
	{
		files: RESOURCES.map(folder => `${folder}/**/*.js`),
		languageOptions: {
			ecmaVersion: 2018,
			sourceType: 'script',
			parserOptions: { ecmaFeatures: { globalReturn: true } },
			globals: readable([...BROWSER, ...LUCI])
		},
		plugins: { luci },
		rules: {
			...RULES,
			'strict': ['error', 'global'],
			'luci/used-requires': 'error'
		}
	},
	...RESOURCES.flatMap(modules),
	{
		files: [`${RESOURCES[0]}/**/*.js`],
		rules: { 'luci/safe-to-minify': 'error', 'luci/text-is-no-html': 'error' }
	},
	{
		files: ['tests/luci/browser/*.js'],
		languageOptions: {
			ecmaVersion: 2018,
			sourceType: 'script',
			globals: readable([...BROWSER, ...CORE])
		},
		rules: { ...RULES, 'strict': ['error', 'function'] }
	},
	{
		files: ['**/*.mjs'],
		languageOptions: { ecmaVersion: 2023, sourceType: 'module', globals: readable(NODE) },
		rules: RULES
	}
];
