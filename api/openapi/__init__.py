"""The server's routes as an OpenAPI document, made from one table, and a page to read it."""
