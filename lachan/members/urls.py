from django.urls import path

from .views import (
    account,
    api_keys,
    audit,
    desk_key,
    joining,
    organisations,
    people,
    programmes,
    sign_in,
    start,
)

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
    path("staff/members/", organisations.members, name="members"),
    path("staff/members/new/", organisations.organisation_edit, name="organisation-new"),
    path("staff/members/desk-key/", desk_key.desk_key, name="desk-key"),
    path("staff/members/desk-key/fresh/", desk_key.desk_key_fresh, name="desk-key-fresh"),
    path("staff/members/desk-key/shares/", desk_key.shares, name="shares"),
    path("staff/members/<uuid:uid>/", organisations.organisation, name="organisation"),
    path(
        "staff/members/<uuid:uid>/edit/", organisations.organisation_edit, name="organisation-edit"
    ),
    path("staff/members/<uuid:uid>/invite/", organisations.invite, name="invite"),
    path(
        "staff/members/invitations/<uuid:uid>/end/",
        organisations.invitation_end,
        name="invitation-end",
    ),
    path("staff/members/people/<uuid:uid>/", people.person, name="person"),
    path("staff/members/people/<uuid:uid>/grant/", people.grant, name="role-grant"),
    path("staff/members/people/<uuid:uid>/revoke/", people.revoke, name="role-revoke"),
    path("staff/members/people/<uuid:uid>/key/", people.give_key, name="give-key"),
    path("staff/members/people/<uuid:uid>/return/", people.give_return, name="give-return"),
    path("staff/members/people/<uuid:uid>/deactivate/", people.deactivate, name="deactivate"),
    path("staff/programmes/new/", programmes.programme_edit, name="programme-new"),
    path("staff/programmes/<uuid:uid>/", programmes.programme_edit, name="programme"),
    path("staff/api-keys/", api_keys.api_keys, name="api-keys"),
    path("staff/api-keys/<uuid:uid>/end/", api_keys.api_key_end, name="api-key-end"),
    path("staff/audit/", audit.audit, name="audit"),
]
