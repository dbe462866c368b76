"""The table, first part: routes that clients of the incumbent's protocol know. Each is there under `/api` as well."""

from __future__ import annotations

from api.openapi.operation import Operation, delete, get, patch, post

ROUTES: dict[str, tuple[Operation, ...]] = {
    "Running graphs": (
        post(
            "/prompt",
            "Queue a graph: in API format, or a file as the page saves it. `extra_data.webhook` names an address that"
            " is told when the job has ended, where its host was listed by --webhook-host. 429 where the person's quota"
            " of jobs or of time is used up; `Retry-After` says in how many seconds there is room again.",
            "#PromptRequest",
            "#PromptAnswer",
        ),
        get("/prompt", "How many jobs wait or run, whosesoever.", {"exec_info": {"queue_remaining": "integer"}}),
        get(
            "/queue", "One's own jobs that run and that wait.", {"queue_running": [["any"]], "queue_pending": [["any"]]}
        ),
        post(
            "/queue",
            "Take waiting jobs out: all of one's own, or those with these ids.",
            {"clear?": "boolean", "delete?": ["string"]},
        ),
        get("/history", "Ended jobs, oldest first.", {"*": "#HistoryEntry"}, query="max_items:integer offset:integer"),
        get("/history/{prompt_id}", "One ended job; an empty object while it waits or runs.", {"*": "#HistoryEntry"}),
        post(
            "/history", "Forget ended jobs: all of one's own, or these.", {"clear?": "boolean", "delete?": ["string"]}
        ),
        post(
            "/interrupt",
            "Stop the job that runs if it is one's own, or this one; with `now` its worker is replaced at once.",
            {"prompt_id?": "string", "now?": "boolean"},
        ),
        post(
            "/free",
            "Give memory back after the job that runs: models, and with `free_memory` cached results too. For admins.",
            {"unload_models?": "boolean", "free_memory?": "boolean"},
        ),
        get("/ws", "Websocket: progress, previews and results of this client's jobs.", query="clientId", status=101),
    ),
    "Jobs": (
        get(
            "/jobs",
            "All jobs. `status`: pending, in_progress, completed, failed or cancelled, several with commas between.",
            {
                "jobs": ["#ListedJob"],
                "pagination": {"offset": "integer", "limit": "integer?", "total": "integer", "has_more": "boolean"},
            },
            query="status workflow_id sort_by sort_order limit:integer offset:integer",
        ),
        get("/jobs/{job_id}", "A job with its graph, its results and how it ended.", "#ListedJob"),
        post("/jobs/{job_id}/cancel", "Cancel a job, whatever its state.", None, {"cancelled": "boolean"}),
        post("/jobs/cancel", "Cancel several jobs.", {"job_ids": ["string"]}, {"cancelled": "boolean"}),
    ),
    "Node types": (
        get("/object_info", "All node types, by their names.", {"*": "#NodeType"}),
        get("/object_info/{node_class}", "One node type; an empty object for an unknown one.", {"*": "#NodeType"}),
        get("/node_replacements", "By an old node type, what took its place.", {"*": ["object"]}),
        get("/docs/{node}/{file:.+}", "Help of a node type, or a file that the help shows.", "text/markdown"),
        get("/extensions/{pack}/docs/{file:.+}", "Help of a pack's node type.", "text/markdown"),
    ),
    "Pictures and other files": (
        get(
            "/view",
            "A file of the output, input or temp folder; `preview` and `channel` convert a picture.",
            "application/octet-stream",
            query="filename type subfolder owner preview channel size:integer absent rand",
        ),
        post(
            "/upload/image",
            "Put a file into a folder, as a multipart form with `image`.",
            "multipart/form-data",
            "#Upload",
        ),
        post("/upload/mask", "Put a painted mask over a picture that is there.", "multipart/form-data", "#Upload"),
    ),
    "Models": (
        get("/models", "Kinds of model files.", ["string"]),
        get("/models/{folder}", "Names of the files of a kind.", ["string"]),
        get("/embeddings", "Names of embeddings, without their endings.", ["string"]),
        get("/view_metadata/{folder}", "What a safetensors file says of itself.", "object", query="filename"),
        get("/experiment/models", "Kinds with their folders.", [{"name": "string", "folders": ["string"]}]),
        get("/experiment/models/{folder}", "Files of a kind with size and times.", ["#ModelFile"]),
        get("/experiment/models/preview/{folder}/{path_index}/{filename:.+}", "A model's picture.", "image/webp"),
    ),
    "The user's files": (
        get(
            "/userdata",
            "Files in a folder of the user's; strings, lists with `split`, objects with `full_info`.",
            ["any"],
            query="dir recurse:boolean full_info:boolean split:boolean absent",
        ),
        get("/v2/userdata", "Files and folders under a path.", ["object"], query="path"),
        get("/userdata/{file:.+}", "A file.", "application/octet-stream"),
        post(
            "/userdata/{file:.+}",
            "Write a file; `modified` names the state that it must still have.",
            "application/octet-stream",
            "any",
            query="overwrite:boolean full_info:boolean modified:number",
        ),
        delete("/userdata/{file:.+}", "Delete a file.", status=204),
        post(
            "/userdata/{file:.+}/move/{dest:.+}",
            "Give a file another name or place.",
            None,
            "any",
            query="overwrite:boolean full_info:boolean",
        ),
        get("/settings", "All settings.", "object"),
        get("/settings/{id}", "One setting, or null.", "any"),
        post("/settings", "Change settings; those that are not named stay.", "object"),
        post("/settings/{id}", "Change one setting.", "any"),
        get("/users", "Who the users are.", {"storage": "string", "migrated": "boolean"}),
        post("/users", "Refused: this server has one user.", {"username": "string"}, "string"),
    ),
    "The server": (
        get("/system_stats", "Versions, memory and devices.", {"system": "object", "devices": ["object"]}),
        get(
            "/features",
            "What the server can do.",
            {"supports_preview_metadata": "boolean", "max_upload_size": "integer"},
        ),
    ),
    "For front ends": (
        get("/extensions", "Scripts of packs for the incumbent's page.", ["string"]),
        get("/extensions/{pack}/{path:.+}", "A file of a pack's web folder.", "application/octet-stream"),
        get("/i18n", "Packs' words by language.", {"*": "object"}),
        get("/workflow_templates", "By pack, names of its example graphs.", {"*": ["string"]}),
        get(
            "/workflow_templates/{pack}/{file:.+}",
            "A pack's example graph, or its picture.",
            "application/octet-stream",
        ),
        get("/templates/index.json", "Templates by category.", ["object"]),
        get("/templates/index.{language:[A-Za-z-]+}.json", "The same in a language.", ["object"]),
        get("/templates/{file:.+}", "A template, or its picture.", "application/octet-stream"),
        get("/global_subgraphs", "Packs' graphs to be used as nodes.", {"*": "object"}),
        get("/global_subgraphs/{id}", "One of them, with its graph as text.", "object"),
    ),
}

INTERNAL: dict[str, tuple[Operation, ...]] = {
    "For front ends": (
        get("/internal/logs", "The log as one text.", "string"),
        get("/internal/logs/raw", "The log by lines.", {"entries": [{"t": "string", "m": "string"}], "size": "object"}),
        patch(
            "/internal/logs/subscribe",
            "Be told new lines on the websocket.",
            {"clientId": "string", "enabled": "boolean"},
        ),
        get("/internal/folder_paths", "Kinds of model files with their folders.", {"*": ["string"]}),
        get("/internal/files/{kind}", "Names at the top of the input, output or temp folder.", ["string"]),
    ),
}
"""Known to clients too, without a twin under /api."""
