/* tiny_packs.h: a pack that redacts mail addresses and one that blocks an attack: class and text. */
#ifndef TINY_PACKS_H
#define TINY_PACKS_H

static const char *const tiny_packs[][2] = {
    {"pii", "pack: pii.tiny\n"
            "version: 1\n"
            "rules:\n"
            "  - id: pii.mail\n"
            "    title: Mail address\n"
            "    severity: medium\n"
            "    confidence: 0.9\n"
            "    sensitivity: 1\n"
            "    patterns: ['[a-z]{1,20}@[a-z]{1,20}[.]example']\n"
            "    action: redact\n"
            "    placeholder: '[EMAIL]'\n"
            "    examples: {match: [me@host.example], no_match: [me at host]}\n"},
    {"injection", "pack: injection.tiny\n"
                  "version: 1\n"
                  "rules:\n"
                  "  - id: injection.ignore\n"
                  "    title: Asks to ignore what came before\n"
                  "    severity: high\n"
                  "    confidence: 0.9\n"
                  "    sensitivity: 1\n"
                  "    direction: request\n"
                  "    patterns: ['ignore all previous instructions']\n"
                  "    action: block\n"
                  "    examples: {match: [ignore all previous instructions], no_match: [read the instructions]}\n"},
};

#endif
