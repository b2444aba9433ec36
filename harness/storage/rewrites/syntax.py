"""What a rewrite must know of a program's syntax: its names and where its statements begin."""

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_c
import tree_sitter_python
from tree_sitter import Language, Node, Parser

_GRAMMARS = {"c": tree_sitter_c.language, "python": tree_sitter_python.language}
_C_NAMES = {"identifier", "field_identifier", "type_identifier", "statement_identifier"}
_BLOCKS = {"c": "compound_statement", "python": "block"}
_C_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/|#\s*include[^\n]*|(?<!\w)[A-Za-z_]\w*', re.DOTALL)


@cache
def _parser(language: str) -> Parser:
    return Parser(Language(_GRAMMARS[language]()))


def nodes(code: str, language: str) -> Iterator[Node]:
    """Every node of the syntax tree, from the top down."""
    waiting = [_parser(language).parse(code.encode()).root_node]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def name_of(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()


def all_names(code: str, language: str) -> set[str]:
    """Every word of the code outside of strings and comments."""
    if language == "c":
        return {token for token in _C_TOKEN.findall(code) if token.isidentifier()}
    return {name_of(node) for node in nodes(code, language) if node.type == "identifier"}


def own_names(code: str, language: str) -> set[str]:
    """Names that the code itself gives and nobody outside can know, unless a driver does."""
    return _own_c_names(code) if language == "c" else _own_python_names(code)


def _own_c_names(code: str) -> set[str]:
    found = set()
    for node in nodes(code, "c"):
        for name in ("declarator", "name"):
            for declared in node.children_by_field_name(name):
                if declared.type in _C_NAMES and (name == "declarator" or node.type in ("preproc_def", "enumerator", "struct_specifier")):
                    found.add(name_of(declared))
    return {name for name in found if name != "main" and not name.startswith("_")}


def _own_python_names(code: str) -> set[str]:
    """Parameters and local variables, where no attribute, keyword or import bears the same name."""
    given, elsewhere = set(), set()
    for node in nodes(code, "python"):
        if node.type in ("assignment", "for_statement", "for_in_clause", "named_expression"):
            target = node.child_by_field_name("left") or node.child_by_field_name("name")
            given |= _plain_names(target) if target is not None and _inside_function(node) else set()
        elif node.type == "as_pattern_target" and _inside_function(node):
            given |= _plain_names(node)
        elif node.type in ("parameters", "lambda_parameters"):
            given |= {name for part in node.children for name in _parameter_names(part)}
        elif node.type == "attribute":
            elsewhere |= {name_of(part) for part in node.children_by_field_name("attribute")}
        elif node.type == "keyword_argument":
            elsewhere |= {name_of(part) for part in node.children_by_field_name("name")}
        elif node.type in ("dotted_name", "aliased_import", "global_statement", "nonlocal_statement"):
            elsewhere |= {name_of(part) for part in node.children if part.type == "identifier"}
    return {name for name in given - elsewhere if name not in ("self", "cls") and not name.startswith("_")}


def _plain_names(target: Node) -> set[str]:
    if target.type == "identifier":
        return {name_of(target)}
    if target.type in ("pattern_list", "tuple_pattern", "list_pattern", "as_pattern_target"):
        return {name for part in target.children for name in _plain_names(part)}
    return set()


def _parameter_names(part: Node) -> set[str]:
    if part.type == "identifier":
        return {name_of(part)}
    named = part.child_by_field_name("name") or (part.children[0] if part.type == "typed_parameter" else None)
    return {name_of(named)} if named is not None and named.type == "identifier" else set()


def _inside_function(node: Node) -> bool:
    while node.parent is not None:
        node = node.parent
        if node.type in ("function_definition", "lambda"):
            return True
    return False


def renamed(code: str, language: str, names: dict[str, str]) -> str:
    """The code with its names exchanged, and nothing else."""
    if language == "c":
        return _C_TOKEN.sub(lambda found: names.get(found.group(), found.group()), code)
    raw = code.encode()
    spots = [(node.start_byte, node.end_byte) for node in nodes(code, language) if node.type == "identifier" and not _is_attribute(node)]
    for start, end in sorted(spots, reverse=True):
        raw = raw[:start] + names.get(raw[start:end].decode(), raw[start:end].decode()).encode() + raw[end:]
    return raw.decode()


def _is_attribute(node: Node) -> bool:
    return node.parent is not None and node.parent.type == "attribute" and node.parent.child_by_field_name("attribute") == node


def statement_lines(code: str, language: str) -> set[int]:
    """Lines, counted from 0, on which a statement of a function's body begins, with nothing before it."""
    lines = code.split("\n")
    found = set()
    for node in nodes(code, language):
        if node.type == _BLOCKS[language] and (language == "c" or _inside_function(node)):
            for statement in node.named_children:
                row, column = statement.start_point
                if statement.type != "comment" and not lines[row][:column].strip():
                    found.add(row)
    return found


def function_lines(code: str, language: str) -> set[int]:
    """Lines, counted from 0, on which a function begins at the outermost level, with nothing right above that belongs to it."""
    found = set()
    for node in nodes(code, language):
        if node.type == "function_definition" and node.parent is not None and node.parent.parent is None:
            before = node.prev_sibling
            if before is None or before.type != "comment" or before.end_point.row < node.start_point.row - 1:
                found.add(node.start_point.row)
    return found


def text_lines(code: str, language: str) -> set[int]:
    """Lines, counted from 0, that begin inside a string or a comment, where white space is content."""
    spans = (node for node in nodes(code, language) if node.type in ("string", "comment", "string_literal", "concatenated_string"))
    return {row for node in spans for row in range(node.start_point.row + 1, node.end_point.row + 1)}
