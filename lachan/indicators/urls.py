from django.urls import path

from .views import acts, desk, public

_ONE = "staff/indicators/<uuid:uid>/"

urlpatterns = [
    path("dispute/", public.dispute, name="dispute"),
    path("dispute/noted/", public.noted, name="dispute-noted"),
    path("dispute/<uuid:uid>/", public.status, name="dispute-status"),
    path("staff/indicators/", desk.indicator_list, name="indicators"),
    path("staff/indicators/new/", acts.propose, name="indicator-propose"),
    path(_ONE, desk.indicator_page, name="indicator"),
    path(f"{_ONE}review/", acts.review, name="indicator-review"),
    path(f"{_ONE}withdraw/", acts.withdraw, name="indicator-withdraw"),
    path(f"{_ONE}share/", acts.share, name="indicator-share"),
    path(f"{_ONE}dispute/", acts.dispute, name="indicator-dispute"),
    path("staff/reviews/", desk.reviews, name="reviews"),
    path("staff/disputes/", desk.disputes, name="disputes"),
    path("staff/disputes/<uuid:uid>/", acts.answer, name="dispute-answer"),
    path("staff/imports/", desk.imports, name="imports"),
    path("staff/imports/<uuid:uid>/", desk.import_page, name="import"),
]
