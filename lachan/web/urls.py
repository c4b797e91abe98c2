from django.urls import path

from . import install_views, views

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("status/", views.status, name="status"),
    path("language", views.language_set, name="language"),
    path("app/", install_views.choose, name="app"),
    path("app/offline/", install_views.offline, name="app-offline"),
    path("app/<str:face>/", install_views.install, name="app-install"),
    path(
        "app/<str:face>/<str:language>.webmanifest",
        install_views.manifest_file,
        name="app-manifest",
    ),
    # At the root: a worker looks after what lies below its own address.
    path("app-worker.js", install_views.worker, name="app-worker"),
]
