from django.apps import AppConfig


class ShieldConfig(AppConfig):
    name = "lachan.shield"
