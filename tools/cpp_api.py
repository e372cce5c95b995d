# SPDX-License-Identifier: MIT
"""Pages of the C++ library, made of the declarations and `///` comments of its public headers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Iterator

PARSER = Parser(Language(tree_sitter_cpp.language()))
# The modules in the order in which data flows.
ORDER = """
core table arrow statistics engine log map journeys paths summary transitions graph markov attribution dropoff funnel
patterns improve kpi timing compare datasets measure conformance
""".split()  # noqa: SIM905


@dataclass
class Declaration:
    """What a header declares: its kind in Sphinx's C++ domain, the code, the comment, and what it contains."""

    kind: str
    code: str
    comment: str
    parts: list[Declaration] = field(default_factory=list)


def text_of(node: Node) -> str:
    assert node.text is not None
    return node.text.decode("utf-8")


def one_line(code: str) -> str:
    return re.sub(r"\s+", " ", code).replace("( ", "(").strip()


def comment_of(comments: list[Node]) -> str:
    """The text of `///` comments, without their marks."""
    lines = [re.sub(r"^///<? ?", "", line) for node in comments for line in text_of(node).splitlines()]
    text = "\n".join(lines).strip("\n")
    return re.sub(r"^\\throws (\w+)", r"\n**Throws** `\1`", text, flags=re.MULTILINE)


def declared(node: Node, comment: str) -> Declaration | None:
    """The declaration that a node of the syntax tree is; none of what has no place on a page."""
    if node.type == "template_declaration":
        inner = next((declared(child, comment) for child in node.named_children if declared(child, "")), None)
        if inner is None:
            return None
        head = text_of(node)[: node.named_children[-1].start_byte - node.start_byte]
        inner.code = one_line(head) + " " + inner.code
        return inner
    if node.type in ("class_specifier", "struct_specifier"):
        body = node.child_by_field_name("body")
        name = node.child_by_field_name("name")
        if body is None or name is None:
            return None
        bases = next((one_line(text_of(child)) for child in node.children if child.type == "base_class_clause"), "")
        kind = "class" if node.type == "class_specifier" else "struct"
        parts = list(declarations(body, is_hidden=kind == "class"))
        return Declaration(kind, f"{text_of(name)} {bases}".strip(), comment, parts)
    if node.type == "enum_specifier":
        body = node.child_by_field_name("body")
        name = node.child_by_field_name("name")
        if body is None or name is None:
            return None
        base = node.child_by_field_name("base")
        code = text_of(name) + (f" : {text_of(base)}" if base is not None else "")
        return Declaration("enum-class", code, comment, list(enumerators(body)))
    if node.type == "alias_declaration":
        return Declaration("type", one_line(text_of(node)).removeprefix("using ").rstrip(";"), comment)
    if node.type == "concept_definition":
        return Declaration("concept", text_of(node.named_children[0]), comment)
    if node.type in ("declaration", "field_declaration", "function_definition"):
        return value_or_function(node, comment)
    return None


def value_or_function(node: Node, comment: str) -> Declaration | None:
    code = text_of(node)
    for child in node.children:
        if child.type in ("compound_statement", "field_initializer_list"):
            code = text_of(node)[: child.start_byte - node.start_byte]
            break
    code = one_line(code).rstrip(";").removesuffix("= default").removesuffix("= delete").strip()
    code = code.replace("[[nodiscard]] ", "").removeprefix("KLANTREIS_INLINE ").removeprefix("inline ")
    # Friends and macros are for the compiler, Sphinx cannot read conversions, and what is defined outside of its class
    # stands in it already.
    if (
        re.match(r"friend |explicit operator |$", code)
        or "KLANTREIS_" in code
        or re.match(r"[^(=]* \w+::~?\w+ ?\(", code)
    ):
        return None
    nested = node.child_by_field_name("type")
    if nested is not None and nested.type in ("struct_specifier", "class_specifier", "enum_specifier"):
        return declared(nested, comment)
    shape = [child.type for child in descend(node)]
    is_function = "function_declarator" in shape and "parenthesized_declarator" not in shape
    return Declaration("function" if is_function else "var", code, comment)


def several(node: Node, comment: str) -> Iterator[Declaration]:
    """The members of one declaration with commas."""
    first, *_ = declarators = node.children_by_field_name("declarator")
    ends = [each.start_byte for each in declarators[1:]] + [node.end_byte]
    code = text_of(node).encode()
    for declarator, end in zip(declarators, ends, strict=True):
        part = code[declarator.start_byte - node.start_byte : end - node.start_byte].decode().rstrip(", ;\n")
        yield Declaration("var", one_line(code[: first.start_byte - node.start_byte].decode() + part), comment)


def descend(node: Node) -> Iterator[Node]:
    """The declarators of a declaration, from the outside in."""
    declarator = node.child_by_field_name("declarator")
    if declarator is None:
        declarator = next((child for child in node.named_children if child.type.endswith("_declarator")), None)
    while declarator is not None:
        yield declarator
        inner = declarator.child_by_field_name("declarator")
        if inner is None and declarator.type == "reference_declarator":
            inner = declarator.named_children[0]
        declarator = inner


def commented(body: Node) -> Iterator[tuple[Node, str]]:
    """The nodes of a body, each with its comment: that above it, or behind it and on the lines below."""
    entries: list[tuple[Node, list[Node]]] = []
    above: list[Node] = []
    behind: Node | None = None
    for child in body.named_children:
        if child.type != "comment":
            entries.append((child, above))
            above, behind = [], None
            continue
        is_public = text_of(child).startswith("///")
        row, column = child.start_point
        continues = behind is not None and (row, column) == (behind.start_point[0] + 1, behind.start_point[1])
        if entries and (continues or row == entries[-1][0].end_point[0]):
            behind = child
            if is_public:
                entries[-1][1].append(child)
        else:
            above = [*above, child] if is_public else []
    for node, comments in entries:
        yield node, comment_of(comments)


def enumerators(body: Node) -> Iterator[Declaration]:
    for node, comment in commented(body):
        if node.type == "enumerator":
            yield Declaration("enumerator", one_line(text_of(node)), comment)


def declarations(body: Node, *, is_hidden: bool = False) -> Iterator[Declaration]:
    """What a namespace or a class declares for others, in its order."""
    for node, comment in commented(body):
        if node.type == "access_specifier":
            is_hidden = text_of(node) != "public"
        elif not is_hidden and len(node.children_by_field_name("declarator")) > 1:
            yield from several(node, comment)
        elif not is_hidden:
            made = declared(node, comment)
            # Aliases without a word are what other libraries ask for.
            if made is not None and not (made.kind == "type" and not comment and body.type != "declaration_list"):
                yield made


def public_declarations(header: Path) -> list[Declaration]:
    """What a header declares in the namespace of the library, and not in those within."""
    tree = PARSER.parse(header.read_bytes())
    found: list[Declaration] = []
    for node in tree.root_node.named_children:
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        is_named = node.type == "namespace_definition" and name is not None and text_of(name) == "klantreis"
        if is_named and body is not None:
            found += declarations(body)
    return found


def headers_of(module: str, include: Path) -> list[Path]:
    """The public headers of a module: its own first, then those of its folder."""
    return [include / f"{module}.hpp", *sorted((include / module).glob("*.hpp"))]


def page(module: str, include: Path) -> str:
    """The page of a module, in Markdown as MyST reads it."""
    lines = [f"# {module}", "", "```{cpp:namespace} klantreis", "```", ""]
    for header in headers_of(module, include):
        found = public_declarations(header)
        if found:
            lines += [f"## {header.relative_to(include.parent).as_posix()}", ""]
        for declaration in found:
            lines += written(declaration, 6)
    return "\n".join(lines) + "\n"


def written(declaration: Declaration, colons: int) -> list[str]:
    """A declaration as a directive of Sphinx's C++ domain, with its parts inside."""
    fence = ":" * colons
    lines = [f"{fence}{{cpp:{declaration.kind}}} {declaration.code}", "", declaration.comment, ""]
    for part in declaration.parts:
        lines += written(part, colons - 1)
    return [*lines, fence, ""]


def modules(include: Path) -> list[str]:
    """All modules, known ones in their order."""
    found = {path.stem for path in include.glob("*.hpp")} - {"version"}
    return [*(name for name in ORDER if name in found), *sorted(found - set(ORDER))]
