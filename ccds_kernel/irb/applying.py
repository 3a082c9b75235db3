"""Bringing an IRB application, an amendment or its end into force.

First everything that could stand against it is looked at; then it is announced in the audit log, put into the registry, and the
site is reconciled with it. A crash in between leaves an application that the next run, or the hub's next look, completes.
"""

from __future__ import annotations

from ccds_kernel.audit.events.irb import ApplicationApplied
from ccds_kernel.audit.log import AuditSink
from ccds_kernel.audit.site import audit_log
from ccds_kernel.errors import CcdsError
from ccds_kernel.irb.amendment import amendment
from ccds_kernel.irb.application import IrbApplication
from ccds_kernel.irb.database import bring_databases, plan_databases
from ccds_kernel.irb.reconcile import Reconciler
from ccds_kernel.irb.registry import Registry, registry_of
from ccds_kernel.irb.rules import calendar_day
from ccds_kernel.irb.site import require_administrator
from ccds_kernel.settings import Settings


def apply_application(application: IrbApplication, *, person: str, settings: Settings) -> bool:
    """Brings an application, or an amendment, into force, and the site to what it says; returns whether that changed anything.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: something stands against it, and nothing was changed: another application's sessions have the same name, its
            directory belongs to somebody else, somebody on the roster has no account, or the audit log or the registry
            can't be written. Or the site couldn't be reconciled; applying it again goes on from there.
    """
    require_administrator("apply an IRB application", person=person, settings=settings)
    reconciler = Reconciler(settings)
    with reconciler.alone():
        _refuse(application, reconciler, settings)
        audit = audit_log(settings)
        if reconciler.keeps:  # first of all the site's own folders: what is written next lies in them
            _reconcile((), reconciler, person, audit)
        standing = application.standing(calendar_day())
        event = ApplicationApplied(
            person=person, project=application.id, digest=application.digest(), standing=standing
        )
        changed = registry_of(settings).put(application, announce=lambda: audit.write(event))
        if reconciler.keeps:
            changed |= _reconcile((application.id,), reconciler, person, audit)
        else:
            _make_directory(application, settings)
        return bool(bring_databases([application], settings)) or changed


def plan_application(application: IrbApplication, *, person: str, settings: Settings) -> list[str]:
    """What applying `application` would change, a line each; changes nothing.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: what would stand against it.
    """
    require_administrator("apply an IRB application", person=person, settings=settings)
    reconciler, registry = Reconciler(settings), registry_of(settings)
    _refuse(application, reconciler, settings)
    lines = amendment(known(application.id, registry), application, calendar_day(), registry.training_years)
    if reconciler.keeps:
        lines += reconciler.look((application.id,), application).lines()
    elif not (folder := settings.paths.projects / application.id).is_dir():
        lines.append(f"folder {folder}: make")
    return lines + plan_databases([application], settings)


def expire_application(project_id: str, *, person: str, settings: Settings) -> bool:
    """Ends an application today, by withdrawing it, and access to its project; its data stays. Returns whether it wasn't over.

    Raises:
        SiteAccessDenied: `person` is no administrator of the site.
        CcdsError: there is no such application; or as `apply_application`.
    """
    require_administrator("end an IRB application", person=person, settings=settings)
    found = registry_of(settings).get(project_id)
    if found is None:
        raise CcdsError(
            expected="the id of an application of this site", found=repr(project_id), do="see 'ccds irb list'"
        )
    today = calendar_day()
    if today > found.expires or (found.withdrawn and found.withdrawn <= today):
        apply_application(found, person=person, settings=settings)  # completes what a crash left
        return False
    # An application that hasn't begun never will.
    apply_application(
        IrbApplication.model_validate(found.model_dump() | {"withdrawn": today}), person=person, settings=settings
    )
    return True


def known(project_id: str, registry: Registry) -> IrbApplication | None:
    """The application in the registry; None where there is none, or a damaged one that is to be mended."""
    try:
        return registry.get(project_id)
    except CcdsError:
        return None


def _reconcile(projects: tuple[str, ...], reconciler: Reconciler, person: str, audit: AuditSink) -> bool:
    plan = reconciler.look(projects)
    if plan:
        reconciler.carry_out(plan, person=person, audit=audit)
    return bool(plan)


def _refuse(application: IrbApplication, reconciler: Reconciler, settings: Settings) -> None:
    """Makes sure that nothing stands against the application, before anything is written.

    Raises:
        CcdsError: says what.
    """
    registry_of(settings).refuse_similar(application)
    reconciler.refuse_foreign(application)
    reconciler.refuse_unknown(application)
    plan_databases([application], settings)  # asks the server: one that is down, or a schema that is somebody else's


def _make_directory(application: IrbApplication, settings: Settings) -> None:
    """The project's directory where everything runs as one Unix user: closed to others, and nothing more."""
    folder = settings.paths.projects / application.id
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        (folder / "work").mkdir(exist_ok=True)
    except OSError as error:
        raise CcdsError(
            expected=f"to make {folder}", found=error.strerror or "an error", do="run this as the service account"
        ) from None
