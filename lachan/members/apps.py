from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "lachan.members"
    default_auto_field = "django.db.models.BigAutoField"
