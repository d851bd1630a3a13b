"""Table lists that come with the program. The only place, beside the lab, that knows an application's tables."""

from __future__ import annotations

from egrow_replica.model import Model, QualifiedName, TableName


class Preset(Model):
    """What a preset adds to the configuration's own lists."""

    content: tuple[TableName, ...]
    user: tuple[TableName, ...]
    production_columns: dict[TableName, tuple[str, ...]]


def _names(text: str) -> tuple[QualifiedName, ...]:
    return tuple(QualifiedName("public", name) for name in text.split())


PRESETS: dict[str, Preset] = {
    "egrow-academy": Preset(
        content=_names("courses lessons resources events promotions products prices"),
        user=_names(
            "users sessions enrollments course_progress lesson_progress payments subscriptions user_streaks "
            "user_streak_badges user_points_history weekly_lesson_completions streak_recovery_history user_behaviors "
            "recommendations achievements comments likes posts event_registrations promotion_interactions ratings "
            "resource_access_logs security_logs user_preferences"
        ),
        production_columns={
            QualifiedName("public", "courses"): ("studentsCount", "rating"),
            QualifiedName("public", "resources"): ("downloadsCount", "rating"),
            QualifiedName("public", "events"): ("currentCapacity",),
            QualifiedName("public", "promotions"): ("currentImpressions",),
        },
    )
}
