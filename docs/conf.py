# SPDX-License-Identifier: MIT
"""How Sphinx builds the site; tools/docs.py lays out the pages before it."""

from __future__ import annotations

from typing import Any

from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

import klantreis

project = "klantreis"
copyright = "the klantreis authors"
version = release = klantreis.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nitpicky = False
default_role = "code"
suppress_warnings = ["mystnb.unknown_mime_type"]
# A list of all members on each page would cost most of the time.
toc_object_entries = False
# Long signatures stand one parameter on a line.
maximum_signature_line_length = 88

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
# Tests run the notebooks; the site shows what came out.
nb_execution_mode = "off"
nb_merge_streams = True
# Scripts for widgets would come from elsewhere.
nb_ipywidgets_js = {}

autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

cpp_index_common_prefix = ["klantreis::"]
highlight_language = "text"

html_theme = "furo"
html_title = f"klantreis {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
# Formulas are MathML, which browsers draw themselves: the usual scripts for them come from elsewhere.
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#15607a",
        "color-brand-content": "#15607a",
        "color-brand-visited": "#4a5a6d",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7db8cc",
        "color-brand-content": "#7db8cc",
        "color-brand-visited": "#a9b6c6",
    },
}


def inline_formula(writer: Any, node: Any) -> None:
    writer.body.append(tex2mathml(node.astext()))
    raise SkipNode


def block_formula(writer: Any, node: Any) -> None:
    formula = tex2mathml(node.astext(), as_block=True)
    writer.body.append(f'<div class="formula">{formula}</div>')
    raise SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the writer of formulas."""
    app.add_html_math_renderer("mathml", (inline_formula, None), (block_formula, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
