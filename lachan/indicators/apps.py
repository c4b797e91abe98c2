from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "lachan.indicators"
    default_auto_field = "django.db.models.BigAutoField"
