/*
 * schema.h: the part of JSON Schema that our schemas use (type, enum, const, properties, required,
 * additionalProperties, items, anyOf, oneOf, minimum, maximum), to hold them against what the program reads and writes.
 */
#ifndef TEST_SCHEMA_H
#define TEST_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static inline bool schema_type_is(json_t *v, const char *type)
{
    if (strcmp(type, "number") == 0)
        return json_is_number(v);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(v);
    static const char *const names[] = {
        [JSON_OBJECT] = "object", [JSON_ARRAY] = "array", [JSON_STRING] = "string", [JSON_INTEGER] = "integer",
        [JSON_REAL] = "number",   [JSON_TRUE] = "",       [JSON_FALSE] = "",        [JSON_NULL] = "null",
    };
    return strcmp(names[json_typeof(v)], type) == 0;
}

static inline bool schema_type_fits(json_t *type, json_t *v)
{
    size_t i;
    json_t *one;
    if (!type)
        return true;
    if (json_is_string(type))
        return schema_type_is(v, json_string_value(type));
    json_array_foreach(type, i, one)
    {
        if (schema_type_is(v, json_string_value(one)))
            return true;
    }
    return false;
}

static inline bool schema_value_fits(json_t *s, json_t *v)
{
    size_t i;
    json_t *one, *words = json_object_get(s, "enum"), *constant = json_object_get(s, "const");
    bool good = !words;
    json_array_foreach(words, i, one)
    {
        good = good || json_equal(one, v);
    }
    if (json_is_number(v) && json_object_get(s, "minimum"))
        good = good && json_number_value(v) >= json_number_value(json_object_get(s, "minimum"));
    if (json_is_number(v) && json_object_get(s, "maximum"))
        good = good && json_number_value(v) <= json_number_value(json_object_get(s, "maximum"));
    return good && (!constant || json_equal(constant, v));
}

static inline bool schema_accepts(json_t *s, json_t *v);

static inline bool schema_members_fit(json_t *s, json_t *v)
{
    size_t i;
    const char *key;
    json_t *one, *props = json_object_get(s, "properties"), *others = json_object_get(s, "additionalProperties");
    json_array_foreach(json_object_get(s, "required"), i, one)
    {
        if (!json_object_get(v, json_string_value(one)))
            return false;
    }
    json_object_foreach(v, key, one)
    {
        json_t *below = json_object_get(props, key);
        if (!below && json_is_false(others))
            return false;
        if (!below && json_is_object(others))
            below = others;
        if (below && !schema_accepts(below, one))
            return false;
    }
    return true;
}

static inline bool schema_accepts(json_t *s, json_t *v)
{
    size_t i;
    json_t *one, *any = json_object_get(s, "anyOf"), *exactly = json_object_get(s, "oneOf");
    unsigned any_fits = 0, exactly_fits = 0;
    if (!schema_type_fits(json_object_get(s, "type"), v) || !schema_value_fits(s, v))
        return false;
    if (json_is_object(v) && !schema_members_fit(s, v))
        return false;
    json_array_foreach(v, i, one)
    {
        if (json_object_get(s, "items") && !schema_accepts(json_object_get(s, "items"), one))
            return false;
    }
    json_array_foreach(any, i, one)
    {
        any_fits += schema_accepts(one, v);
    }
    json_array_foreach(exactly, i, one)
    {
        exactly_fits += schema_accepts(one, v);
    }
    return (!any || any_fits != 0) && (!exactly || exactly_fits == 1);
}

#endif
