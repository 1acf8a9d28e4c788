"""The staff console: what needs a person, what is going on, and how well it works. Server-rendered.

app          the application: its routes, its parts
guard        sessions, roles, forged forms, the headers of every answer
visit        one request of one person, and the page they get
signin       coming in, by password, by an invitation, through the city's own login
queue        what needs a person
people       accounts, one's own settings, the audit log
"""
