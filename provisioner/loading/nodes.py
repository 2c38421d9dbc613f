"""Load lists of tasks into nodes: tasks and blocks, with imports replaced by their content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from os import urandom
from pathlib import Path
from typing import Any

from provisioner.errors import IncludeNotFound, LoadError, Problem
from provisioner.language.play import Block, Keywords, Node, Role, Task
from provisioner.language.plugins.local_plugins import HasPlugin
from provisioner.language.special_values import OMIT
from provisioner.language.templating.check import check
from provisioner.language.templating.template import Template, TemplateError, templates_in
from provisioner.language.yaml_values import YamlList, YamlMap, place_of
from provisioner.loading import keywords as kw
from provisioner.loading import old_include, plugin_search, role_specs, short_form, yaml_file
from provisioner.loading import roles as rolefiles
from provisioner.loading.keyword_values import shown
from provisioner.loading.static_vars import StaticVars
from provisioner.loading.task import load_task
from provisioner.modules import find_module, short_name
from provisioner.modules.framework import arguments
from provisioner.records import dataclass
from provisioner.where import Where, nearest

IMPORTS = ("import_tasks", "import_role")


@dataclass(frozen=True)
class Folder:
    """The surroundings of a list of tasks.

    `path` is the folder of their file, `chain` the files that import each other down to it, and
    `rescued` tells whether a block with `rescue` is around them.
    """

    path: Path
    role: Role | None = None
    handlers: bool = False
    chain: tuple[Path, ...] = ()
    rescued: bool = False


class NodeLoader:
    """Loads the task lists of one play.

    Problems are added to `problems`, so that one run reports all of them. `exported` collects the
    roles whose variables the play sees, `handlers` the handlers of the play's roles, and
    `imported` those of roles that tasks import: they come after the play's own handlers.
    `static_vars` are the variables that names of imported files and roles may use.
    """

    def __init__(self, problems: list[Problem], static_vars: StaticVars) -> None:
        self._problems, self._static_vars = problems, static_vars
        self._basedir, self._vault = static_vars.basedir, static_vars.vault
        self.handlers: list[Node] = []
        self.imported: list[Node] = []
        self.exported: list[Role] = []
        self._seen: set[str] = set()

    def nodes(self, source: YamlMap, key: str, base: Keywords, folder: Folder) -> tuple[Node, ...]:
        """Return the nodes of the task list under `key`."""
        value = source.get(key)
        if value is None:
            return ()
        if not isinstance(value, YamlList):
            hint = "each task begins with a `-`" if isinstance(value, YamlMap) else ""
            where = source.values_at.get(key, source.where)
            raise LoadError(f'"{key}" must be a list of tasks', where, hint)
        return self.list(value, base, folder)

    def list(self, value: YamlList, base: Keywords, folder: Folder) -> tuple[Node, ...]:
        """Return the nodes of a list of tasks."""
        nested = (
            self._node(item, place_of(value, n), base, folder) for n, item in enumerate(value)
        )
        return tuple(node for nodes in nested for node in nodes)

    def file(self, path: Path, base: Keywords, folder: Folder, at: Where) -> tuple[Node, ...]:
        """Return the nodes of a task file. `at` is the place that names the file."""
        resolved = path.resolve()
        if resolved in folder.chain:
            names = " → ".join(p.name for p in (*folder.chain, resolved))
            raise LoadError(f"task files import each other: {names}", at)
        data = yaml_file.load(path, what="task file", vault=self._vault)
        if data is None:
            return ()
        if not isinstance(data, YamlList):
            raise LoadError("a task file must be a list of tasks", Where(str(path), 1, 1))
        inner = replace(folder, path=path.parent, chain=(*folder.chain, resolved))
        return self.list(data, base, inner)

    def _node(
        self, item: Any, where: Where | None, base: Keywords, folder: Folder
    ) -> tuple[Node, ...]:
        try:
            if not isinstance(item, YamlMap):
                raise LoadError(f"a task must be a mapping, not {shown(item)}", where)
            if "block" in item:
                return (self._block(item, base, folder),)
            for key in old_include.WORDS:
                if key in item:
                    item = old_include.rewritten(
                        item, key, lambda name: self._has_tasks_file(name, folder)
                    )
            for key in item:
                if short_name(str(key)) in IMPORTS:
                    return self._import(item, str(key), base, folder)
            has_plugin = plugin_search.finder(self._basedir, folder.role)
            task = load_task(
                item,
                base,
                handler=folder.handlers,
                rescued=folder.rescued,
                has_plugin=has_plugin,
            )
            roots = tuple(dict.fromkeys(self._roots(folder)))
            task = replace(task, role=folder.role, roots=roots, outer=base)
            if not (folder.rescued or task.keywords.ignore_errors):
                self._problems.extend(_task_problems(task, has_plugin))
            return (task,)
        except LoadError as error:
            self._problems.extend(error.problems)
            return ()

    def _roots(self, folder: Folder) -> Iterator[Path]:
        if folder.role is not None:
            yield folder.role.path
        yield folder.path
        yield self._basedir

    def _block(self, source: YamlMap, base: Keywords, folder: Folder) -> Block:
        kw.check_keywords(source, kw.BLOCK, "block")
        inner = kw.inherit(base, source)
        block_folder = replace(folder, rescued=folder.rescued or bool(source.get("rescue")))
        tasks = self.nodes(source, "block", inner, block_folder)
        rescue, always = (self.nodes(source, key, inner, folder) for key in ("rescue", "always"))
        return Block(tasks, rescue, always, source.where, kw.title(source))

    # -- imports

    def _import(
        self, source: YamlMap, key: str, base: Keywords, folder: Folder
    ) -> tuple[Node, ...]:
        where = source.keys_at[key]
        kw.check_keywords(source, kw.TASK | {key}, "task")
        if "loop" in source:
            raise LoadError(f"{key} can't have a loop", source.keys_at["loop"], "use include_tasks")
        inner = kw.inherit(base, source)
        what = short_name(key)
        unrendered = _import_arguments(source[key], what, where)
        _check_names(unrendered, what, where)
        arguments = {
            name: self._static_value(value, what, where, inner, folder.role)
            for name, value in unrendered.items()
        }
        if what == "import_role":
            arguments = {name: value for name, value in arguments.items() if value is not OMIT}
            return self.role(arguments, inner, folder, where, public=True)
        name = self._text(arguments.get("file"), "import_tasks", where, inner, folder.role)
        path = self.tasks_file(name, folder, where)
        return (Block(self.file(path, inner, folder, where), (), (), where),)

    def _text(
        self, value: Any, what: str, where: Where, keywords: Keywords, role: Role | None
    ) -> str:
        if value is None:
            raise LoadError(f"{what} needs a name", where)
        return str(self._static_value(value, what, where, keywords, role))

    def _static_value(
        self, value: Any, what: str, where: Where, keywords: Keywords, role: Role | None
    ) -> Any:
        """Render a value that may use only variables that are known before any host."""
        if not any(templates_in(value)):
            return value
        try:
            scope = self._static_vars.scope(keywords, role, roles=self.exported)
            return scope.render(value)
        except TemplateError as error:
            hint = f"use {what.replace('import', 'include')}, which is read while the play runs"
            raise LoadError(f"{what}: {error.reason}", where, hint) from None

    def _has_tasks_file(self, name: str, folder: Folder) -> bool:
        return any(path.is_file() for path in self._task_file_paths(name, folder))

    def tasks_file(self, name: str, folder: Folder, where: Where) -> Path:
        """Return the path of a task file: beside the file that names it, or in the role."""
        for path in self._task_file_paths(name, folder):
            if path.is_file():
                return path
        raise IncludeNotFound(f"the task file {name} was not found", where)

    def _task_file_paths(self, name: str, folder: Folder) -> Iterator[Path]:
        yield folder.path / name
        if folder.role is not None:
            yield folder.role.path / ("handlers" if folder.handlers else "tasks") / name
            yield folder.role.path / name
        yield self._basedir / name

    # -- roles

    def roles(self, source: YamlMap, base: Keywords) -> tuple[Node, ...]:
        """Return the nodes of the play's `roles`, each after the roles that it depends on."""
        value = source.get("roles")
        if value is None:
            return ()
        if not isinstance(value, YamlList):
            raise LoadError('"roles" must be a list', source.values_at["roles"])
        nodes: list[Node] = []
        for index, item in enumerate(value):
            where = place_of(value, index) or source.where
            try:
                role_nodes, role = self._listed_role(item, base, where)
                nodes += role_nodes
                self.exported.append(role)
            except LoadError as error:
                self._problems.extend(error.problems)
        return tuple(nodes)

    def _listed_role(
        self, item: Any, base: Keywords, where: Where, chain: tuple[Role, ...] = ()
    ) -> tuple[tuple[Node, ...], Role]:
        call, inner = rolefiles.entry(item, base, where)
        return self._role(call, inner, Folder(self._basedir), where, chain)

    def role(
        self,
        call_arguments: Mapping[str, Any],
        base: Keywords,
        folder: Folder,
        where: Where,
        *,
        public: bool,
    ) -> tuple[Node, ...]:
        """Return the nodes of a role that a task imports or includes.

        `call_arguments` are the arguments of import_role. With `public` the play sees the role's
        variables.
        """
        parent = folder.role
        chain = (*parent.chain, parent) if parent is not None else ()
        before, self.handlers = self.handlers, self.imported
        try:
            nodes, role = self._role(call_arguments, base, folder, where, chain)
        finally:
            self.handlers = before
        if public:
            self.exported.append(role)
        return nodes

    def _role(
        self,
        call_arguments: Mapping[str, Any],
        base: Keywords,
        folder: Folder,
        where: Where,
        chain: tuple[Role, ...],
    ) -> tuple[tuple[Node, ...], Role]:
        """Return the nodes of a role, after those of the roles that it depends on, and the role.

        As in Ansible, a role does not run twice with the same parameters, unless it allows
        duplicates or a task imports or includes it.
        """
        parent = chain[-1] if chain else None
        role_name = call_arguments.get("name", call_arguments.get("role"))
        name = self._text(role_name, "import_role", where, base, parent)
        path = rolefiles.find(name, self._basedir, parent, where, base.collections)
        if "listed" in call_arguments and path in (role.path for role in chain):
            names = " → ".join((*(role.name for role in chain), name))
            raise LoadError(f"roles depend on each other: {names}", where)
        role = rolefiles.load(name, path, call_arguments, chain, self._vault)
        meta = rolefiles.meta(path)
        role = _with_call(role, call_arguments, meta)
        if folder.role is not None:
            role = replace(role, parents=(folder.role, *folder.role.parents))
        within = (role.collection,) if role.collection else ()
        base = replace(base, collections=(*within, *(meta.collections or ())))
        nodes: list[Node] = []
        for item in meta.dependencies:
            other_nodes, other = self._listed_role(item, base, meta.where, (*chain, role))
            nodes += other_nodes
            role = replace(role, dependencies=(*role.dependencies, *other.dependencies, other))
        nodes += self._own_nodes(role, call_arguments, base, folder, meta, where)
        return tuple(nodes), role

    def _own_nodes(
        self,
        role: Role,
        call_arguments: Mapping[str, Any],
        base: Keywords,
        folder: Folder,
        meta: rolefiles.RoleMeta,
        where: Where,
    ) -> tuple[Node, ...]:
        role_folder = replace(folder, role=role, path=role.path / "tasks", handlers=False)
        if role.allow_duplicates or role.call_key not in self._seen:
            self._seen.add(role.call_key)
            self._load_handlers(
                role.path, call_arguments, base, replace(role_folder, handlers=True), where
            )
        tasks = rolefiles.main(role.path, "tasks", call_arguments.get("tasks_from"), where)
        tasks_of_role = self.file(tasks, base, role_folder, where) if tasks is not None else ()
        check = role_specs.task(role, call_arguments, base, meta.argument_specs, self._vault)
        all_tasks = (*check, *tasks_of_role)
        return (Block(all_tasks, (), (), where, role.name),) if all_tasks else ()

    def _load_handlers(
        self,
        path: Path,
        call_arguments: Mapping[str, Any],
        base: Keywords,
        folder: Folder,
        where: Where,
    ) -> None:
        """Load the role's handlers. They belong to the play and don't inherit the role's tags."""
        file = rolefiles.main(path, "handlers", call_arguments.get("handlers_from"), where)
        if file is not None:
            untagged = replace(base, tags=frozenset())
            self.handlers += self.file(file, untagged, replace(folder, chain=()), where)


def _with_call(role: Role, call_arguments: Mapping[str, Any], meta: rolefiles.RoleMeta) -> Role:
    """Return the role with `call`, `again` and `occurrence`, which decide whether it runs again.

    As in Ansible, a role from `roles` or `dependencies` runs again only if it allows duplicates; a
    role that a task imports or includes always does.
    """
    listed = "listed" in call_arguments
    again = meta.allow_duplicates if listed else call_arguments.get("allow_duplicates", True)
    params, variables = (sorted(each.items(), key=str) for each in (role.params, role.entry_vars))
    call_key_parts = (
        str(role.path),
        params,
        variables,
        call_arguments.get("own"),
        call_arguments.get("tasks_from"),
        listed,
    )
    return replace(
        role, call_key=repr(call_key_parts), allow_duplicates=bool(again), call_id=urandom(16).hex()
    )


def _import_arguments(value: Any, key: str, where: Where) -> Mapping[str, Any]:
    """Return the arguments of an import: a mapping, `name=x tasks_from=y`, or the name alone."""
    if isinstance(value, dict):
        return value
    text = value.source if isinstance(value, Template) else str(value)
    if text.startswith("file=") if key == "import_tasks" else short_form.has_pairs(text):
        return short_form.pairs(value, where)
    return {"file" if key == "import_tasks" else "name": value}


def _check_names(call_arguments: Mapping[str, Any], key: str, where: Where) -> None:
    """Raise LoadError for an unknown argument.

    The arguments of an import are those of an include, except `apply`.
    """
    allowed = arguments.names(find_module(key.replace("import", "include"))).keys() - {"apply"}
    places: Mapping[str, Where] = getattr(call_arguments, "keys_at", {})
    for name in call_arguments:
        if name not in allowed:
            reason = f'the module {key} has no parameter "{name}"'
            raise LoadError(reason, places.get(name, where), nearest(str(name), allowed))


def _task_problems(task: Task, has_plugin: HasPlugin) -> Iterator[Problem]:
    """Yield the problems of all templates of a task."""
    values = [task.name, task.arguments, task.keywords.when, task.loop and task.loop.items]
    values += [task.changed_when, task.failed_when, task.until, task.notify]
    values += [*task.keywords.vars, *task.keywords.environment]
    return template_problems(values, has_plugin)


def template_problems(values: Any, has_plugin: HasPlugin) -> Iterator[Problem]:
    """Yield the problems of all templates in `values`.

    A problem is wrong syntax, or a filter, test or lookup that Ansible and the playbook lack.
    """
    for template in templates_in(values):
        error = check(template, has_plugin)
        if error is not None:
            yield Problem(error.reason, template.where)
