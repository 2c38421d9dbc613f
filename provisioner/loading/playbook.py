"""Load playbook files. All errors that need no host are found here, with their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from provisioner.errors import LoadError, Problem
from provisioner.language.play import (
    Block,
    Keywords,
    Node,
    Play,
    Playbook,
    Prompt,
    Task,
    VarsFile,
    tasks_of,
)
from provisioner.language.templating.template import Template, TemplateError
from provisioner.language.yaml_values import YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading import plugin_search, yaml_file
from provisioner.loading.nodes import Folder, NodeLoader, template_problems
from provisioner.loading.static_vars import StaticVars
from provisioner.loading.vault import NO_VAULT, Vault
from provisioner.where import Where, nearest


def load_playbook(
    path: Path, vault: Vault = NO_VAULT, extra: Mapping[str, Any] | None = None
) -> Playbook:
    """Return the plays of a file. Raises LoadError with all problems.

    Names of imported files and roles may use the variables `extra` (--extra-vars).
    """
    return _load(path, StaticVars(path.parent, extra or {}, vault=vault), (path.resolve(),))


def _load(path: Path, static_vars: StaticVars, chain: tuple[Path, ...]) -> Playbook:
    """Load a playbook. `chain` are the resolved paths of the playbooks that import it."""
    data = yaml_file.load(path, what="playbook", vault=static_vars.vault)
    if not isinstance(data, list) or not data:
        hint = "" if data else "this file is empty"
        raise LoadError("a playbook must be a list of plays", Where(str(path), 1, 1), hint)
    problems: list[Problem] = []
    plays: list[Play] = []
    for index, source in enumerate(data):
        if not isinstance(source, YamlMap):
            raise LoadError("a play must be a mapping", place_of(data, index))
        try:
            plays += _plays(source, path, problems, static_vars, chain)
        except LoadError as error:
            problems.extend(error.problems)
    if problems:
        raise LoadError.of(problems)
    return Playbook(path, tuple(plays))


def _plays(
    source: YamlMap,
    path: Path,
    problems: list[Problem],
    static_vars: StaticVars,
    chain: tuple[Path, ...],
) -> tuple[Play, ...]:
    """Return one play, or the plays of an imported playbook."""
    key = next((key for key in kw.IMPORT_PLAYBOOK if key in source), None)
    if key is None:
        return (_load_play(source, path.parent, problems, static_vars),)
    where = source.keys_at[key]
    kw.check_keywords(
        source, frozenset({*kw.IMPORT_PLAYBOOK, "name", "vars", "tags", "when"}), "import_playbook"
    )
    added = _vars(source)
    static_vars = static_vars.under(added)
    try:
        name = static_vars.scope().render(source[key])
    except TemplateError as error:
        raise LoadError(f"import_playbook: {error.reason}", where) from None
    file = path.parent / str(name)
    if not file.is_file():
        raise LoadError(f"the playbook {name} was not found", where)
    if file.resolve() in chain:
        names = " → ".join(p.name for p in (*chain, file))
        raise LoadError(f"playbooks import each other: {names}", where)
    inherited = kw.inherit(Keywords(), _without(source, "vars"))
    plays = _load(file, static_vars, (*chain, file.resolve())).plays
    return tuple(_imported(play, inherited, added) for play in plays)


def _imported(play: Play, inherited: Keywords, added: dict[str, Any]) -> Play:
    """Return the play with the `vars`, `tags` and `when` of the import added to all its tasks."""

    def with_import(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(_under(node, inherited) for node in nodes)

    if not inherited.tags and not inherited.when:
        return replace(play, vars={**play.vars, **added})
    return replace(
        play,
        vars={**play.vars, **added},
        sections=tuple(with_import(section) for section in play.sections),
        handlers=with_import(play.handlers),
    )


def _under(node: Node, outer: Keywords) -> Node:
    if isinstance(node, Task):
        own = node.keywords
        joined = replace(own, tags=own.tags | outer.tags, when=outer.when + own.when)
        return replace(node, keywords=joined)
    tasks, rescue, always = (
        tuple(_under(inner, outer) for inner in part)
        for part in (node.tasks, node.rescue, node.always)
    )
    return Block(tasks, rescue, always, node.where, node.name)


def _load_play(
    source: YamlMap, basedir: Path, problems: list[Problem], static_vars: StaticVars
) -> Play:
    kw.check_keywords(source, kw.PLAY, "play")
    if "hosts" not in source:
        raise LoadError('a play needs "hosts"', source.where)
    if "user" in source and "remote_user" in source:
        raise LoadError('both "user" and "remote_user" are set', source.keys_at["user"])
    if source["hosts"] in ("", [], None):
        raise LoadError('"hosts" is empty', source.values_at["hosts"])
    if "user" in source:
        source.setdefault("remote_user", source["user"])
    base = kw.inherit(Keywords(), _without(source, "vars"))
    play_vars = _vars(source)
    play_values = [play_vars, source.get("vars_prompt")]
    problems.extend(template_problems(play_values, plugin_search.finder(basedir, None)))
    files = tuple(_vars_files(source, basedir))
    visible = {**play_vars, **static_vars.vars}
    loader = NodeLoader(problems, replace(static_vars, basedir=basedir, vars=visible, files=files))
    folder = Folder(basedir)
    before = loader.nodes(source, "pre_tasks", base, folder)
    middle = (*loader.roles(source, base), *loader.nodes(source, "tasks", base, folder))
    after = loader.nodes(source, "post_tasks", base, folder)
    sections = (before, middle, after)
    own_handlers = loader.nodes(source, "handlers", base, replace(folder, handlers=True))
    handlers = (*loader.handlers, *own_handlers, *loader.imported)
    _check_notify(sections, handlers, problems)
    return Play(
        name=kw.title(source),
        hosts=source["hosts"],
        where=source.where,
        basedir=basedir,
        keywords=base,
        sections=sections,
        handlers=handlers,
        roles=tuple(loader.exported),
        vars=play_vars,
        vars_files=files,
        prompts=tuple(_prompts(source)),
        gather_facts=_flag(source, "gather_facts"),
        gather_subset=source.get("gather_subset"),
        gather_timeout=source.get("gather_timeout"),
        fact_path=source.get("fact_path"),
        serial=kw.names(source.get("serial"), "serial", place_of(source, "serial")),
        strategy=_strategy(source),
        order=source.get("order"),
        max_fail_percentage=source.get("max_fail_percentage"),
        force_handlers=_flag(source, "force_handlers"),
    )


def _flag(source: YamlMap, key: str) -> Any:
    return kw.flag(source.get(key), key, place_of(source, key))


def _without(source: YamlMap, *keys: str) -> YamlMap:
    """Return a copy of the mapping without some keys.

    A play's `vars` have another precedence than a block's, so they are not inherited like these.
    """
    copy = YamlMap(source.where)
    copy.update({key: value for key, value in source.items() if key not in keys})
    copy.keys_at, copy.values_at = source.keys_at, source.values_at
    return copy


def _vars(source: YamlMap) -> dict[str, Any]:
    value = source.get("vars")
    only = YamlMap(source.where)
    only["vars"] = value
    only.values_at["vars"] = source.values_at.get("vars", source.where)
    added = kw.inherit(Keywords(), only).vars
    return {name: item for layer in added for name, item in layer.items()}


def _vars_files(source: YamlMap, basedir: Path) -> Iterator[VarsFile]:
    where = place_of(source, "vars_files") or source.where
    entries = source.get("vars_files")
    for item in entries if isinstance(entries, list) else [entries] if entries else []:
        each = item if isinstance(item, list) else [item]
        names = tuple(name if isinstance(name, Template) else str(name) for name in each)
        literal = [name for name in names if isinstance(name, str)]
        if len(literal) == len(names) and not any((basedir / name).is_file() for name in literal):
            raise LoadError(f"vars_files: {' or '.join(literal)} was not found", where)
        yield VarsFile(names, where)


_PROMPT = frozenset(
    {"name", "prompt", "private", "default", "confirm", "encrypt", "salt", "salt_size", "unsafe"}
)


def _prompts(source: YamlMap) -> Iterator[Prompt]:
    entries = source.get("vars_prompt") or []
    where = place_of(source, "vars_prompt")
    for item in entries if isinstance(entries, list) else [None]:
        if not isinstance(item, YamlMap) or not isinstance(item.get("name"), str):
            raise LoadError('"vars_prompt" must be a list of mappings with a name', where)
        kw.check_keywords(item, _PROMPT, "vars_prompt")
        yield Prompt(
            name=item["name"],
            text=item.get("prompt") or item["name"],
            private=kw.flag(item.get("private", True), "private", item.where),
            default=item.get("default"),
            confirm=kw.flag(item.get("confirm", False), "confirm", item.where),
            encrypt=item.get("encrypt"),
            salt=item.get("salt"),
            salt_size=item.get("salt_size"),
            where=item.where,
        )


def _strategy(source: YamlMap) -> Any:
    value = source.get("strategy")
    if isinstance(value, Template):
        return value  # plan/play_keywords.py renders it
    return strategy(value, place_of(source, "strategy"))


def strategy(value: Any, where: Where | None) -> Any:
    """Return "linear", "free" or None for a strategy's name; host_pinned counts as free."""
    name = str(value).rpartition(".")[2] if value else None
    if name in (None, "linear", "free"):
        return name
    if name == "host_pinned":
        return "free"
    raise LoadError(
        f'the strategy "{value}" is not supported', where, "linear and free are supported"
    )


def _check_notify(
    sections: tuple[tuple[Node, ...], ...], handlers: tuple[Node, ...], problems: list[Problem]
) -> None:
    """Add a problem for each `notify` that names no handler.

    Nothing is checked if a handler's name is a template, or if an include may bring handlers.
    """
    nodes = (*(node for section in sections for node in section), *handlers)
    if any(task.module in ("include_role", "include_tasks") for task in tasks_of(nodes)):
        return
    handler_names: set[str] = set()
    for handler in tasks_of(handlers):
        for name in (handler.name, *handler.listen):
            if isinstance(name, Template):
                return
            handler_names.add(name)
        if handler.role is not None:
            handler_names.add(handler.title)
    for task in tasks_of(nodes):
        for name in task.notify:
            if isinstance(name, str) and name not in handler_names:
                place = task.notify_at or task.where
                hint = (
                    nearest(name, handler_names)
                    or "handlers are listed under the play's `handlers`"
                )
                problems.append(Problem(f'there is no handler "{name}"', place, hint))
