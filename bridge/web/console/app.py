"""The console as one application: its routes and what stands before them."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bridge.web.console import (
    city_desk,
    conversations,
    duty,
    figures,
    keeping,
    models,
    people,
    queue,
    requests,
    setup,
)
from bridge.web.console.guard import Gate, Headers, tile_host
from bridge.web.console.look import STATIC, environment
from bridge.web.console.parts import MOUNT, Console
from bridge.web.console.signin import SignIn

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
FOR_EVER = "public, max-age=31536000, immutable"


def console_app(console: Console) -> Starlette:
    """The application, to be mounted at MOUNT."""
    templates = environment()
    gate = Gate(console, templates)
    signin = SignIn(console, templates, gate)

    async def missing(_request: Request, _error: Exception) -> Response:
        return gate.problem(404, "There is no such page", "Perhaps the link is old.")

    async def failed(_request: Request, _error: Exception) -> Response:
        return gate.problem(500, "Something went wrong", "It was noted. Please try again.")

    return Starlette(
        routes=[Route("/static/{name:path}", _static), *signin.routes(), *_pages(gate)],
        middleware=[
            Middleware(Headers, tile_host=tile_host(console.settings.tile_url)),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
        ],
        exception_handlers={404: missing, 405: missing, 500: failed},
    )


def _pages(gate: Gate) -> list[BaseRoute]:
    return [
        Route("/", _home),
        Route("/queue", gate(queue.queue)),
        Route("/queue/silent", gate(queue.silent)),
        Route("/queue/silent/{id}", gate(queue.take_over, "agent"), methods=["POST"]),
        Route("/queue/{id}", gate(queue.item)),
        Route("/queue/{id}/reasons", gate(queue.reasons)),
        Route("/queue/{id}/questions", gate(queue.questions)),
        Route("/queue/{id}/presence", gate(queue.presence)),
        Route("/queue/{id}/send", gate(queue.send, "agent"), methods=["POST"]),
        Route("/queue/{id}/answer", gate(queue.answer, "agent"), methods=["POST"]),
        Route("/queue/{id}/merge", gate(queue.merge, "agent"), methods=["POST"]),
        Route("/queue/{id}/block", gate(queue.block, "agent"), methods=["POST"]),
        Route("/queue/{id}/close", gate(queue.close, "agent"), methods=["POST"]),
        Route("/deeds/{id}/undo", gate(queue.undo, "agent"), methods=["POST"]),
        Route("/places", gate(queue.places, "agent")),
        Route("/conversations", gate(conversations.conversations)),
        Route("/conversations/{id}", gate(conversations.conversation)),
        Route("/conversations/{id}/talk", gate(conversations.talk)),
        Route("/conversations/{id}/reply", gate(conversations.reply, "agent"), methods=["POST"]),
        Route("/conversations/{id}/note", gate(conversations.note, "agent"), methods=["POST"]),
        Route("/conversations/{id}/export", gate(keeping.hand_out, "admin"), methods=["POST"]),
        Route("/conversations/{id}/erase", gate(keeping.erase, "admin"), methods=["POST"]),
        Route("/conversations/{id}/block", gate(conversations.set_blocked, "agent"), methods=["POST"]),
        Route("/requests", gate(requests.requests)),
        Route("/requests/map", gate(requests.request_map)),
        Route("/requests/extent", gate(requests.extent)),
        Route("/requests/spots", gate(requests.spots)),
        Route("/requests/streets", gate(requests.streets)),
        Route("/requests/{id}", gate(requests.request)),
        Route("/requests/{id}/resend", gate(requests.resend, "agent"), methods=["POST"]),
        Route("/requests/{id}/cancel", gate(requests.cancel, "agent"), methods=["POST"]),
        Route("/desk", gate(city_desk.desks)),
        Route("/desk/{city}", gate(city_desk.requests)),
        Route("/desk/{city}/photo/{name}", gate(city_desk.photo)),
        Route("/desk/{city}/{id}", gate(city_desk.request)),
        Route("/desk/{city}/{id}", gate(city_desk.change, "agent"), methods=["POST"]),
        Route("/figures", gate(figures.page)),
        Route("/figures/{table}.csv", gate(figures.export)),
        Route("/duty", gate(duty.duty)),
        Route("/duty/given-up", gate(duty.given_up)),
        Route("/duty/given-up/{id}", gate(duty.try_again, "agent"), methods=["POST"]),
        Route("/setup", gate(setup.services)),
        Route("/setup/threshold", gate(setup.set_threshold, "admin"), methods=["POST"]),
        Route("/setup/cities", gate(setup.cities, "admin")),
        Route("/setup/channels", gate(setup.channels, "admin")),
        Route("/setup/channels/{id}/test", gate(setup.send_test, "admin"), methods=["POST"]),
        Route("/setup/words", gate(setup.words, "admin")),
        Route("/setup/words", gate(setup.set_words, "admin"), methods=["POST"]),
        Route("/setup/words/preview", gate(setup.preview, "admin"), methods=["POST"]),
        Route("/setup/models", gate(models.models, "admin")),
        Route("/setup/models", gate(models.use, "admin"), methods=["POST"]),
        Route("/setup/models/learn", gate(models.learn, "admin"), methods=["POST"]),
        Route("/setup/models/run", gate(models.runs, "admin")),
        Route("/setup/models/runs/{id}", gate(models.run, "admin")),
        Route("/setup/templates", gate(setup.templates, "admin")),
        Route("/setup/templates", gate(setup.keep_template, "admin"), methods=["POST"]),
        Route("/setup/templates/{id}/drop", gate(setup.drop_template, "admin"), methods=["POST"]),
        Route("/setup/retention", gate(keeping.retention, "admin")),
        Route("/setup/retention", gate(keeping.set_retention, "admin"), methods=["POST"]),
        Route("/setup/holds", gate(keeping.hold, "admin"), methods=["POST"]),
        Route("/setup/holds/{id}/lift", gate(keeping.lift, "admin"), methods=["POST"]),
        Route("/people", gate(people.people, "admin")),
        Route("/people/invite", gate(people.invite_person, "admin"), methods=["POST"]),
        Route("/people/{id}", gate(people.change_person, "admin"), methods=["POST"]),
        Route("/people/{id}/reset", gate(people.reset_person, "admin"), methods=["POST"]),
        Route("/me", gate(people.myself)),
        Route("/me", gate(people.change_myself), methods=["POST"]),
        Route("/audit", gate(people.audit, "admin")),
    ]


async def _home(_request: Request) -> Response:
    return RedirectResponse(f"{MOUNT}/queue", 303)


async def _static(request: Request) -> Response:
    """A file of the folder; its address changes with it, so it may be kept."""
    name = str(request.path_params["name"])
    kind = TYPES.get(name.rpartition(".")[2])
    path = STATIC.joinpath(name)
    if kind is None or ".." in name or not path.is_file():
        return Response(status_code=404)
    return FileResponse(str(path), media_type=kind, headers={"Cache-Control": FOR_EVER})
