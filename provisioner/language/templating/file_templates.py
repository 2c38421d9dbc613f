"""Render template files, with options in the first line, includes, and the line of errors."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provisioner.language.templating import header
from provisioner.language.templating.environment import make_environment
from provisioner.language.templating.rendered_values import join_text
from provisioner.language.templating.template import TemplateError
from provisioner.local_files import read_regular
from provisioner.where import Where

if TYPE_CHECKING:
    import jinja2
from provisioner.language.templating.error_messages import (
    ERRORS,
    error_reason,
    syntax_reason,
    undefined_reason,
)
from provisioner.language.templating.render import missing_newlines


def render_file(
    path: Path,
    scope: Mapping[str, Any],
    options: Mapping[str, Any],
    folders: tuple[Path, ...] = (),
    content: bytes | None = None,
) -> str:
    """Return the text of a rendered template file. `TemplateError` has the file and line.

    The file may include, import and extend files of `folders`, in that order; of its own folder if
    there are none. `content` is the decrypted content of an encrypted file. A file is compiled once
    for each version of it and each set of options.
    """
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError
    from jinja2 import UndefinedError as JinjaUndefined

    try:
        stat = path.stat()
        key = (str(path), stat.st_mtime_ns, stat.st_size)
        template = _file_template(key, tuple(sorted(options.items())), folders, content)
        context = template.new_context(scope, shared=True)  # type: ignore[arg-type]
        text = join_text(template.root_render_func(context))
        newline = str(options.get("newline_sequence", "\n"))
        return text + newline * len(missing_newlines(_final_newlines(key, content), text))
    except TemplateSyntaxError as error:
        name = error.filename or str(path)
        raise TemplateError(syntax_reason(error, scope), Where(name, error.lineno, 1)) from None
    except JinjaUndefined as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(undefined_reason(str(error), scope), place) from None
    except UnicodeDecodeError:
        raise TemplateError("the template is not UTF-8", Where(str(path))) from None
    except (JinjaError, *ERRORS) as error:
        place = Where(str(path), _line_in(error, path), 1)
        raise TemplateError(error_reason(error), place) from None


@cache
def _final_newlines(key: tuple[str, int, int], content: bytes | None) -> str:
    """Return the newlines at the end of a file."""
    source = read_regular(key[0]) if content is None else content
    return "\n" * (len(source) - len(source.rstrip(b"\n")))


@cache
def _file_template(
    key: tuple[str, int, int],
    options: tuple[tuple[str, Any], ...],
    folders: tuple[Path, ...],
    content: bytes | None,
) -> jinja2.Template:
    """Return a compiled file; `key` is its path, time of change and size."""
    from jinja2 import FileSystemLoader

    path = Path(key[0])
    source = read_regular(path) if content is None else content
    own_options, body = header.split(source.decode("utf-8"))
    environment = make_environment({"keep_trailing_newline": False, **dict(options), **own_options})
    environment.loader = FileSystemLoader(folders or (path.parent,))
    code = environment.compile(body, path.name, str(path))
    return environment.template_class.from_code(environment, code, environment.make_globals(None))


def _line_in(error: Exception, path: Path) -> int:
    """Return the template's line that raised an error, from Jinja's map of its code's lines.

    Or 0.
    """
    line, trace = 0, error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.filename == str(path):
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
