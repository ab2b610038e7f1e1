"""Python sources made smaller for MicroPython, which run as they did.

Names for numbers are for those who read them. A name in capitals that is bound once, at the top
level of its module, to an integer or a calculation of such names, is replaced by its number where
it is read, in other modules too. Bindings of private ones are left out then, as are imports of
nothing but numbers; public ones can still be imported. Docstrings go as well. Lines move, so this
is for what is compiled without their numbers.
"""

import ast
import re

_CALCULATIONS = (
    *(ast.BinOp, ast.UnaryOp, ast.Name, ast.Load, ast.Constant, ast.USub, ast.Invert),
    *(ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod),
    *(ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor),
)


def shrink(sources):
    """Sources by the dotted names of their modules; returns smaller ones.

    The modules have to be all that import each other. SyntaxError says what is no Python, or
    changes a number of another module.
    """
    modules = {name: _Module(name, ast.parse(text, name)) for name, text in sources.items()}
    for module in modules.values():
        module.resolve(modules)
    for module in modules.values():
        module.replace()
    used = set().union(*(module.names_of_others() for module in modules.values()))
    return {name: module.text(used) for name, module in modules.items()}


class _Module:
    def __init__(self, name, tree):
        self._name = name
        self._tree = tree
        self._bound = _count_bindings(tree)
        self._imported = {}  # number by name
        self._numbers = None  # number by name, of this module's own
        self._aliases = {}  # module by name

    def resolve(self, modules):
        """Find out which numbers this module's names are, its own and imported ones."""
        if self._numbers is not None:
            return
        self._numbers = {}
        for module, origin, name in self._imports():
            if module + "." + origin in modules:
                self._aliases[name] = _resolved(modules, module + "." + origin)
            elif module in modules and origin == name:
                number = _resolved(modules, module).number_of(origin)
                if number is not None:
                    self._imported[name] = number
        for node in self._tree.body:
            for target, value in _assignments(node):
                if isinstance(target, ast.Name) and self._is_constant(target.id):
                    number = self._calculate(value)
                    if number is not None:
                        self._numbers[target.id] = number

    def replace(self):
        """Put numbers in the place of names."""
        numbers = {**self._imported, **self._numbers}
        self._tree = _Replacement(self._name, numbers, self._aliases).visit(self._tree)

    def number_of(self, name):
        """The number that a name stands for, be it this module's own or imported, or None."""
        return self._numbers.get(name, self._imported.get(name))

    def names_of_others(self):
        """What is still read of other modules, and perhaps more."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.ImportFrom):
                known = self._imported if node in self._tree.body else ()
                yield from (name.name for name in node.names if name.name not in known)

    def text(self, used):
        """The source, without what its numbers were for unless their names are among those used."""
        body = []
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom):
                node.names = [name for name in node.names if not self._was_for_number(name, used)]
                body += [node] if node.names else []
            else:
                body += self._without_private_numbers(node, used)
        self._tree.body = body
        _remove_docstrings(self._tree)
        indented = ast.unparse(ast.fix_missing_locations(self._tree)) + "\n"
        return re.sub("^ +", lambda found: " " * (len(found[0]) // 4), indented, flags=re.MULTILINE)

    def _was_for_number(self, alias, used):
        return _local(alias) in self._imported and alias.name not in used

    def _without_private_numbers(self, node, used):
        """The statements that are left of one."""
        gone = {name for name in self._numbers if name.startswith("_") and name not in used}
        pairs = _assignments(node)
        kept = [pair for pair in pairs if getattr(pair[0], "id", None) not in gone]
        if len(kept) == len(pairs):
            return [node]
        return [ast.Assign([target], value, lineno=0) for target, value in kept]

    def _imports(self):
        """(module, name there, name here) of what is imported under one name for good."""
        for node in self._tree.body:
            if isinstance(node, ast.ImportFrom):
                for name in node.names:
                    if self._bound[_local(name)] == 1:
                        yield node.module, name.name, _local(name)

    def _is_constant(self, name):
        return name.isupper() and self._bound[name] == 1

    def _calculate(self, value):
        known = {**self._imported, **self._numbers}
        for node in ast.walk(value):
            if not isinstance(node, _CALCULATIONS):
                return None
            if isinstance(node, ast.Name) and node.id not in known:
                return None
            if isinstance(node, ast.Constant) and type(node.value) is not int:
                return None
        return eval(compile(ast.Expression(value), self._name, "eval"), {}, known)


def _resolved(modules, name):
    modules[name].resolve(modules)
    return modules[name]


class _Replacement(ast.NodeTransformer):
    def __init__(self, module, numbers, aliases):
        self._module = module
        self._numbers = numbers
        self._aliases = aliases

    def visit_Name(self, node):
        number = self._numbers.get(node.id)
        if number is None or not isinstance(node.ctx, ast.Load):
            return node
        return _literal(number)

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name) and node.value.id in self._aliases:
            number = self._aliases[node.value.id].number_of(node.attr)
            if number is not None:
                if not isinstance(node.ctx, ast.Load):
                    place = (self._module, node.lineno, node.col_offset, None)
                    raise SyntaxError("a number of another module is changed", place)
                return _literal(number)
        return self.generic_visit(node)


def _literal(number):
    literal = ast.Constant(abs(number))
    return ast.UnaryOp(ast.USub(), literal) if number < 0 else literal


def _local(name):
    return name.asname or name.name


def _assignments(node):
    """(target, value) of each name that a statement such as `A, B = 1, 2` binds."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return []
    target, value = node.targets[0], node.value
    if not isinstance(target, ast.Tuple):
        return [(target, value)]
    if isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts):
        return list(zip(target.elts, value.elts))
    return []


def _count_bindings(tree):
    """How often each name is bound in a module, at whatever level; attributes count as names."""
    counts = {}
    for node in ast.walk(tree):
        names = ()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names = (node.id,)
        elif isinstance(node, ast.arg):
            names = (node.arg,)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)):
            names = (node.name,)
        elif isinstance(node, ast.alias):
            names = (_local(node),)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names = node.names
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _remove_docstrings(tree):
    for node in ast.walk(tree):
        has_body = isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        if has_body and ast.get_docstring(node) is not None:
            node.body[:1] = [] if len(node.body) > 1 or node is tree else [ast.Pass()]
