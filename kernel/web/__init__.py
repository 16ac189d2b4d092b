"""The web shell every package stands on: pages, forms, errors, sessions and the looks.

Owns: template rendering, static files, CSRF, response headers, request ids, errors as HTTP, bearer tokens, the browser
session. Does not own: any business page, any business word. Standards: RFC 9457 (problems), RFC 9068 and RFC 6750
(bearer), OpenID Connect Core 1.0 and RFC 7636 (sign-in), CSP Level 3.

How a package renders a page
    templates in `<package>/templates/<package>/*.html`, extending "kernel/base.html" (or "kernel/console.html"):
        {% extends "kernel/base.html" %}
        {% from "kernel/components.html" import page_title, field, button, error_summary %}
        {% block title %}{{ _("Sign in") }}{% endblock %}
        {% block content %}
          {{ page_title(_("Sign in")) }}
          {{ error_summary(errors) }}
          <form method="post" action="/login">{{ csrf_field() }}
            {{ field("username", _("User name"), value=username, error=errors.get("username")) }}
            {{ button(_("Sign in")) }}
          </form>
        {% endblock %}
    static files in `<package>/static/<package>/…`, named in templates by `static_url('idp/login.js')`.
    in `routes.py`:
        pages: Pages = request.app.state.pages
        form = await read_form(request)
        await check_csrf(request, form)
        return pages.render(request, "idp/login.html", status=400, username=name, errors=field_errors(exc))
    Globals: _(), ngettext(), static_url(), csrf_field(), format_date(), format_datetime(), days_left(), locale,
    signed_in (Principal | None), navigation. Every component is shown in templates/kernel/gallery.html.
    No inline script, style or event handler: the content security policy refuses them.

What the composition root wires (outermost middleware first)
    RequestIdMiddleware > SecurityHeadersMiddleware > LocaleMiddleware > problems.install(app) > routes
    app.state.pages = Pages(...); app.state.sign_in = SignIn(...); app.state.bearer = BearerAuthenticator(...)
    routes: pages.static.routes(), sign_in.routes()
"""
