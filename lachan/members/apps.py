from importlib import import_module

from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "lachan.members"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("lachan.members.waiting")
