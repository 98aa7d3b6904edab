"""YAML as text, lists and maps alone, so that nothing a file says can be more than what it says. Pure."""

from typing import Any

import yaml

from portal.errors import N_, Invalid

MAX_DEPTH = 20
_ABSENT = {"", "~", "null", "Null", "NULL"}


class _Loader(yaml.BaseLoader):
    """Makes no number and no date; tags and merges mean nothing. An unquoted null or nothing at all is None."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """One node deeper, before the depth can exhaust the stack."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem=f"more than {MAX_DEPTH} lists or maps in each other", problem_mark=self.get_mark()
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_scalar(self, node: Any) -> Any:
        """The text as written, or None."""
        return None if node.style is None and node.value in _ABSENT else str(node.value)


def load(text: str) -> Any:
    """None, text, and lists and maps of them, at most 20 in each other. Invalid names the line."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  # makes only text, lists and maps
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Invalid(
            "yaml",
            N_("Line %(line)d is not valid YAML: %(problem)s."),
            line=mark.line + 1 if mark else 1,
            problem=getattr(error, "problem", None) or "unreadable",
        ) from error
    except (ValueError, OverflowError) as error:  # PyYAML lets these out of escapes and of the %YAML directive
        raise Invalid(
            "yaml", N_("The file is not valid YAML: an escape or a version in it is out of range.")
        ) from error
