from django.urls import path

from .views import account, joining, sign_in, start

app_name = "members"
urlpatterns = [
    path("staff/", start.start, name="start"),
    path("staff/sign-in/", sign_in.sign_in, name="sign-in"),
    path("staff/sign-in/second/", sign_in.second, name="second"),
    path("staff/sign-out/", sign_in.sign_out, name="sign-out"),
    path("staff/unlock/", sign_in.unlock, name="unlock"),
    path("staff/join/<str:token>/", joining.join, name="join"),
    path("staff/set-up/", joining.set_up, name="set-up"),
    path("staff/account/", account.account, name="account"),
    path("staff/account/language/", account.language, name="account-language"),
    path("staff/account/password/", account.password, name="account-password"),
    path("staff/account/factors/add/", account.factor_add, name="factor-add"),
    path("staff/account/factors/<int:pk>/remove/", account.factor_remove, name="factor-remove"),
    path("staff/account/codes/", account.codes, name="account-codes"),
    path("staff/account/sessions/end/", account.session_end, name="session-end"),
]
