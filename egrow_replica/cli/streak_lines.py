"""The streak report as the academy knows it."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica.cli.language import tr, tr_n
from egrow_replica.streaks import FullReport, Inconsistency, InconsistencyKind, QuickReport


def show_quick(console: Console, report: QuickReport) -> None:
    """The academy's block of four numbers."""
    _show_totals(console, report)
    _show_activity(console, report)


def show_full(console: Console, report: FullReport) -> None:
    """The block, the entries of each table, and what contradicts itself."""
    _show_totals(console, report)
    _show_lists(console, report)
    for one in report.inconsistencies[: report.shown]:
        _line(console, f"   {_sentence(one)}")
    _more(console, report.inconsistencies_total, report.shown)
    found = report.inconsistencies_total
    if found:
        _line(console, tr_n("⚠️ {count} inconsistency", "⚠️ {count} inconsistencies", found))
    else:
        _show_activity(console, report)


def _show_activity(console: Console, report: QuickReport) -> None:
    if report.active:
        _line(console, tr("✅ Streak system active"))
    else:
        _line(console, tr("⚠️ No sign of activity: no streak runs, or nothing was completed this week"))


def _more(console: Console, total: int, shown: int) -> None:
    if total > shown:
        more = total - shown
        _line(console, "   " + tr_n("… and {count} more (--limit)", "… and {count} more (--limit)", more))


def _show_totals(console: Console, report: QuickReport) -> None:
    _line(console, tr("📊 System status:"))
    _line(console, tr("   👥 Total users: {count}").format(count=report.total_users))
    _line(console, tr("   🏆 Users with streaks: {count}").format(count=report.users_with_streaks))
    _line(console, tr("   🏅 Badges awarded: {count}").format(count=report.total_badges))
    _line(console, tr("   📅 Completions this week: {count}").format(count=report.completions_this_week))


def _show_lists(console: Console, report: FullReport) -> None:
    _list(
        console,
        report.shown,
        tr("🔥 Longest running streaks:"),
        (tr("user"), tr("week"), tr("#streak"), tr("#longest"), tr("#lessons"), tr("#points")),
        [
            (one.user, _day(one.week), one.current_streak, one.longest_streak, one.week_lessons, one.total_points)
            for one in report.streaks
        ],
    )
    _list(
        console,
        len(report.badge_levels),
        tr("🎖️ Badges by level:"),
        (tr("badge"), tr("#given"), tr("#active")),
        [(one.level, one.given, one.active) for one in report.badge_levels],
    )
    _list(
        console,
        report.shown,
        tr("🏅 Latest badges:"),
        (tr("user"), tr("badge"), tr("#streak"), tr("date")),
        [(one.user, one.badge, one.streak_when_earned, _day(one.earned_at)) for one in report.badges],
    )
    _list(
        console,
        report.shown,
        tr("📅 Latest completions:"),
        (tr("user"), tr("week"), tr("course"), tr("#lessons"), tr("last lesson")),
        [
            (one.user, _day(one.week), one.course, one.lessons, _moment(one.last_lesson_at))
            for one in report.recent_completions
        ],
    )
    _list(
        console,
        report.shown,
        tr("💰 Latest points:"),
        (tr("user"), tr("#points"), tr("kind"), tr("reason"), tr("date")),
        [(one.user, one.points, one.kind, one.reason, _moment(one.at)) for one in report.recent_points],
    )
    _list(
        console,
        report.shown,
        tr("🛟 Latest recoveries:"),
        (tr("user"), tr("#points"), tr("badge"), tr("#streak"), tr("week"), tr("date")),
        [
            (one.user, one.points_spent, one.badge, one.streak_lost, _day(one.week_missed), _moment(one.recovered_at))
            for one in report.recent_recoveries
        ],
    )


def _list(
    console: Console, shown: int, title: str, headers: tuple[str, ...], rows: list[tuple[str | int, ...]]
) -> None:
    """A table of the first rows; a header's # stands for a number, set to the right."""
    if not rows:
        return
    _line(console, title)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        justify = "right" if header.startswith("#") else "left"
        table.add_column(header.removeprefix("#"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows[:shown]:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)
    _more(console, len(rows), shown)


def _sentence(one: Inconsistency) -> str:
    text = {
        InconsistencyKind.WEEK_LESSONS: tr(
            "{user}, week {week}: {recorded} lessons recorded, the completions add up to {expected}"
        ),
        InconsistencyKind.CURRENT_STREAK: tr(
            "{user}, week {week}: current streak {recorded}, above the longest one, {expected}"
        ),
        InconsistencyKind.RECOVERY_POINTS: tr(
            "{user}, week {week}: {recorded} points spent on recovery, the history shows {expected}"
        ),
        InconsistencyKind.BADGE: tr(
            "{user}, week {week}: badge {badge} for a streak of {recorded}, above the longest one, {expected}"
        ),
    }[one.kind]
    week = "–" if one.week is None else _day(one.week)
    return text.format(user=one.user, week=week, badge=one.badge, recorded=one.recorded, expected=one.expected)


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _moment(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment:%Y-%m-%d %H:%M}"


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True, emoji=False)
