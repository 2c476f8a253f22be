"""All commands, and how their errors are told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from helpline import checks, clock, config, install, logs, retention
from helpline.advice import check as advice_check
from helpline.advice import loader as trees
from helpline.advice.cli import print_paths
from helpline.contacts.cli import contacts
from helpline.contacts.service import Imported
from helpline.content.files import ContentError
from helpline.lines import service as line_service
from helpline.lines import texts
from helpline.lines.cli import lines
from helpline.privacy.keyring import KeyDamaged, KeyDestroyed
from helpline.selfhelp import check as course_check
from helpline.selfhelp import loader as courses
from helpline.staff import service as staff_service
from helpline.staff.cli import staff
from helpline.stats.cli import stats
from helpline.stats.late import late_rows
from helpline.stats.report_cli import report

# The first looks after the schema itself, the other only reads files, also where there is no database yet.
WITHOUT_SCHEMA = ("migrate", "content")


@click.group()
@click.pass_context
def helpline(context: click.Context) -> None:
    """Anonymous chat between visitors and counsellors on duty."""
    settings = config.load()
    config.use(settings)
    logs.set_up(settings.log_level)
    context.obj = settings
    if context.invoked_subcommand not in WITHOUT_SCHEMA and "--help" not in sys.argv:
        install.prepare(settings)


helpline.add_command(staff)
helpline.add_command(lines)
helpline.add_command(contacts)


@contacts.result_callback()
def tell_what_came_late(done: Imported | None) -> None:
    """Say after an import which of its rows came after the release of their month: only figures know of releases."""
    for line, days in sorted(done.days.items()) if done else ():
        for told in late_rows(line, days):
            click.echo(f"{line}: {told}")


stats.add_command(report)
helpline.add_command(stats)


@helpline.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one")
@click.pass_obj
def serve(settings: config.Settings, host: str, port: int) -> None:
    """Serve pages and chats."""
    from helpline import serve as launcher

    try:
        launcher.run(host, port, settings)
    except launcher.CannotServe as error:
        raise click.ClickException(str(error)) from None


@helpline.command()
@click.pass_obj
def migrate(settings: config.Settings) -> None:
    """Bring the database to this version; makes the lines where there are none."""
    install.migrate(settings)
    click.echo("The database is at this version.")


@helpline.command()
def demo() -> None:
    """Fill an installation that has no staff: lines always open, joint front page, staff, two years of figures."""
    from helpline import demo as demo_installation

    if staff_service.any_staff():
        raise click.ClickException("staff exist already: the demo only fills an installation without any")
    demo_installation.fill(clock.now())
    click.echo(demo_installation.table())


@helpline.command()
@click.pass_obj
def check(settings: config.Settings) -> None:
    """Look for what still has to be done before visitors come."""
    found = []
    for country in sorted({line.country for line in line_service.all_lines()}):
        slugs = [line.slug for line in line_service.all_lines() if line.country == country]
        found += texts.warnings(country, slugs, settings.instance_dir)
    found += checks.of_settings(settings) + checks.of_database(settings) + checks.of_redis(settings.redis_url)
    if staff_service.demo_accounts_exist():
        found.append("demo accounts exist: disable them with 'helpline staff disable'")
    for warning in found:
        click.echo(f"warning: {warning}")
    click.echo(f"Settings, database and texts are usable; {len(found)} warnings.")


@helpline.command()
def purge() -> None:
    """Destroy what is past its time: keys, chats, sessions, wrap-ups, days, courses, letters, summaries, persons."""
    click.echo(json.dumps(retention.purge(clock.now())))


@helpline.group()
def content() -> None:
    """Check what visitors read, and print the ways through it."""


content.add_command(print_paths)


@content.command("check")
@click.pass_obj
def check_content(settings: config.Settings) -> None:
    """Look for what is wrong in trees, courses and help entries, each with file and line."""
    with_course = courses.lines(courses.COURSES)
    of_advice = advice_check.of_everything(settings.instance_dir, trees.TREES, courses=with_course)
    of_courses = course_check.of_everything(settings.instance_dir, courses.COURSES)
    errors, warnings = of_advice.errors + of_courses.errors, of_advice.warnings + of_courses.warnings
    for told in (*errors, *(f"warning: {warning}" for warning in warnings)):
        # The path as an editor opens it from the folder one is in.
        click.echo(told.replace(f"{Path.cwd()}/", "", 1))
    if errors:
        raise click.ClickException(f"errors in what visitors read: {len(errors)}")
    of_trees = sum(len(trees.load(line, trees.TREES).files.trees) for line in trees.lines(trees.TREES))
    modules = sum(len(courses.load(line, courses.COURSES).files.modules) for line in courses.lines(courses.COURSES))
    click.echo(f"{of_trees} trees and {modules} modules can be read; {len(warnings)} warnings.")


def run(arguments: list[str]) -> int:
    """Run one command; returns its exit code."""
    try:
        helpline.main(args=arguments, prog_name="helpline", standalone_mode=False)
    except click.exceptions.Exit as done:
        return int(done.exit_code)
    except click.UsageError as error:
        # Where a word is missing that is one of a few, these stand on lines of their own.
        return _say(" ".join(map(str.strip, error.format_message().splitlines())), 2)
    except click.ClickException as error:
        return _say(error.format_message(), 1)
    except click.Abort:
        return 1
    except config.ConfigError as error:
        return _say(str(error), 2)
    except (install.NotReady, ContentError, KeyDamaged, KeyDestroyed) as error:
        return _say(str(error), 1)
    except (SQLAlchemyError, OSError) as error:
        return _say(str(getattr(error, "orig", None) or error), 1)
    return 0


def _say(message: str, code: int) -> int:
    first = next(iter(str(message).strip().splitlines()), "failed")
    print(f"helpline: {first}", file=sys.stderr)
    return code
