"""Service-task handlers: what a job type in a diagram does. Handlers write rows only; effects leave through the outbox."""
