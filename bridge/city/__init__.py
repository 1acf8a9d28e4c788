"""The embedded city: a GeoReport v2 server with a database of its own.

It is the back end of a city that has none, and the other end of the demo. It knows the specification and
nothing of the bridge's client: the two share no code, so a misreading cannot hide on both sides.

    settings   what an operator sets          app       the HTTP surface (Starlette)
    catalog    services and definitions       forms     bodies read under limits
    desk       what staff and residents do    filing    a POST checked against the rules
    tables     rows, database, migrations     filters   the arguments of a query
    answers    XML and JSON written           serve     run it alone, fill it with examples
"""
