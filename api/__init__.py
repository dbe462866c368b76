"""The control process: routes, sockets, the queue and its journal, and the processes that it looks after."""
