/* chat_everywhere.h: a chat request with every member that can hold text. */
#ifndef CHAT_EVERYWHERE_H
#define CHAT_EVERYWHERE_H

/* ~ marks each place; it becomes a value in one place at a time, an innocent word in the others. */
/* clang-format off: it would cut the JSON anywhere */
static const char *const everywhere =
    "{\"model\":\"~\",\"messages\":["
    "{\"role\":\"system\",\"content\":\"be ~\",\"name\":\"~\"},"
    "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"~\"},{\"type\":\"refusal\",\"refusal\":\"~\"}]}"
    ","
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"see "
    "~\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x/?q=~\",\"detail\":\"~\"}},"
    "{\"type\":\"image_url\",\"image_url\":\"https://x/"
    "~\"},{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"~\",\"format\":\"~\"}},"
    "{\"type\":\"file\",\"file\":{\"filename\":\"~\",\"file_id\":\"~\",\"file_data\":\"~\"}},{\"type\":\"~\","
    "\"thinking\":\"~\"}]},"
    "{\"role\":\"assistant\",\"content\":null,\"refusal\":\"~\",\"reasoning_content\":\"~\",\"reasoning\":\"~\","
    "\"reasoning_details\":[{\"text\":\"~\"}],\"audio\":{\"id\":\"~\"},"
    "\"tool_calls\":[{\"id\":\"~\",\"type\":\"function\",\"function\":{\"name\":\"~\",\"arguments\":\"{\\\"to\\\":\\\"~"
    "\\\"}\"}},"
    "{\"id\":\"c2\",\"type\":\"custom\",\"custom\":{\"name\":\"~\",\"input\":\"~\"}}],\"function_call\":{\"name\":\"~"
    "\",\"arguments\":\"[\\\"~\\\"]\"}},"
    "{\"role\":\"tool\",\"tool_call_id\":\"~\",\"content\":\"~\"},{\"role\":\"tool\",\"tool_call_id\":\"c2\","
    "\"content\":[{\"type\":\"text\",\"text\":\"~\"}]},"
    "{\"role\":\"function\",\"name\":\"~\",\"content\":\"~\"},{\"role\":\"~\",\"content\":\"~\"},{\"role\":\"user\","
    "\"content\":[\"~\"]},{\"role\":\"user\",\"content\":[[\"~\"]]}],"
    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"~\",\"description\":\"~\",\"strict\":true,"
    "\"parameters\":{\"type\":\"object\",\"title\":\"~\",\"properties\":{\"city\":"
    "{\"type\":\"string\",\"description\":\"~\",\"enum\":[\"a\",\"~\"],\"const\":\"~\",\"default\":\"~\",\"examples\":["
    "\"~\"],\"$comment\":\"~\"}}}}},"
    "{\"type\":\"custom\",\"custom\":{\"name\":\"n\",\"description\":\"~\",\"format\":{\"type\":\"grammar\","
    "\"grammar\":{\"definition\":\"~\",\"syntax\":\"~\"}}}}],"
    "\"functions\":[{\"name\":\"~\",\"description\":\"~\",\"parameters\":{\"description\":\"~\"}}],\"tool_choice\":{"
    "\"type\":\"function\",\"function\":{\"name\":\"~\"}},"
    "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"~\",\"description\":\"~\",\"schema\":{"
    "\"enum\":[\"~\"]}}},"
    "\"prediction\":{\"type\":\"content\",\"content\":\"~\"},\"stop\":[\"~\",\"~\"],\"metadata\":{\"name\":\"~\"},"
    "\"user\":\"~\",\"safety_identifier\":\"~\","
    "\"prompt_cache_key\":\"~\",\"web_search_options\":{\"user_location\":{\"type\":\"approximate\",\"approximate\":{"
    "\"city\":\"~\",\"country\":\"~\"}}},"
    "\"data_sources\":[{\"type\":\"azure_search\",\"parameters\":{\"role_information\":\"~\",\"filter\":\"~\"}}],"
    "\"user_security_context\":{\"end_user_id\":\"~\"},"
    "\"documents\":[{\"title\":\"~\",\"text\":\"~\"}],\"chat_template_kwargs\":{\"x\":\"~\"},\"guided_choice\":[\"~\"],"
    "\"reasoning_effort\":\"~\",\"service_tier\":\"~\","
    "\"a_field_of_next_year\":{\"deep\":[[{\"er\":\"~\"}]]}}";
/* clang-format on */

#endif
