"""The embedded city: a GeoReport v2 server with a database of its own.

It is the back end of a city that has none, and the other end of the demo. It knows the specification and
nothing of the bridge's client: the two share no code, so a misreading cannot hide on both sides.

    settings    what an operator sets          app        the HTTP surface (Starlette)
    catalog     services and definitions       forms      bodies read under limits
    desk        what staff and residents do    filing     a POST checked against the rules
    tables      rows, and how they are read    filters    the arguments of a query
    database    file, transactions, migration  updates    mySociety's extension
    answers     XML and JSON written           photos     uploads made harmless
    rows        what each answer holds         serve      run it alone, fill it from a file
    imitation   a good server being a bad one, for tests and demos
"""
