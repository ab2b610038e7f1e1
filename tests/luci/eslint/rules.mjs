// Rules for what is particular to LuCI.

const usedRequires = {
	create(context) {
		return {
			'Program > ExpressionStatement[directive]'(node) {
				const [, required, alias] = /^require ([\w.-]+)(?: as (\w+))?$/.exec(node.directive) || [];
				const variables = context.sourceCode.scopeManager.globalScope.set;
				const variable = variables.get(alias || required && required.replace(/\W/g, '_'));

				if (required && !(variable && variable.references.length))
					context.report({ node, message: `${required} is required, but not used` });
			}
		};
	}
};

// E() and dom.content() take a text that stands alone for HTML, and texts in a list for texts.
const textIsNoHtml = {
	create(context) {
		function check(node) {
			if (node && isMade(node))
				context.report({ node, message: 'this text would be read as HTML: put it into a list' });
		}

		function isMade(node) {
			switch (node.type) {
			case 'BinaryExpression':
			case 'MemberExpression':
			case 'TemplateLiteral':
				return true;
			case 'CallExpression':
				return node.callee.type === 'MemberExpression' &&
					['format', 'join', 'toString', 'slice', 'trim'].includes(node.callee.property.name);
			case 'ConditionalExpression':
				return isMade(node.consequent) || isMade(node.alternate);
			case 'LogicalExpression':
				return isMade(node.left) || isMade(node.right);
			}
			return false;
		}

		return {
			'CallExpression[callee.name="E"]'(node) {
				const [, second, third] = node.arguments;

				check(third || second);
			},
			'CallExpression[callee.object.name="dom"][callee.property.name=/^(content|append)$/]'(node) {
				check(node.arguments[1]);
			},
			'MemberExpression[property.name=/^(innerHTML|outerHTML|insertAdjacentHTML)$/]'(node) {
				context.report({ node, message: 'text from elsewhere would be read as HTML' });
			}
		};
	}
};

// LuCI's build minifies by jsmin, which knows where a regular expression begins by the character before it,
// and where a template ends by the next backtick.
const BEFORE_REGEX = '(,=:[!&|?+-~*/{};';

const safeToMinify = {
	create(context) {
		const mayBeRegex = token => token && BEFORE_REGEX.includes(token.value.slice(-1));

		return {
			'Literal[regex]'(node) {
				if (!mayBeRegex(context.sourceCode.getTokenBefore(node)))
					context.report({ node, message: 'jsmin takes this regular expression for a division' });
			},
			':matches(BinaryExpression, AssignmentExpression)[operator=/^\\u002f/]'(node) {
				const { left } = node;

				if (mayBeRegex(context.sourceCode.getLastToken(left)))
					context.report({ node, message: 'jsmin takes this division for a regular expression' });
			},
			'TemplateLiteral TemplateLiteral'(node) {
				context.report({ node, message: 'jsmin takes this template for the end of the one around it' });
			}
		};
	}
};

export default {
	rules: {
		'safe-to-minify': safeToMinify,
		'text-is-no-html': textIsNoHtml,
		'used-requires': usedRequires
	}
};
