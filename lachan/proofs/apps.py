from django.apps import AppConfig


class ProofsConfig(AppConfig):
    name = "lachan.proofs"
    label = "proofs"
