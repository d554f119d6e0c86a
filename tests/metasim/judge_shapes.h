// Private to the judge: the forms and shapes that its files share, by the file that has them.
#pragma once

#include "tests/metasim/judge_rules.h"

// judge_forms.c
extern const struct form form_link;      // http or https, with a host
extern const struct form form_latitude;  // a number, or a text that is one
extern const struct form form_longitude; // likewise
extern const struct form form_date;      // YYYY-MM-DD
extern const struct form form_printable; // ASCII
extern const struct form form_user_id;   // business-scoped: two letters, a dot, letters and digits
extern const struct form form_trimmed;   // without blanks at either end
extern const struct form form_template;  // a template's name
extern const struct form form_position;  // of a button: 0 to 9
extern const struct form form_days;      // of a pin: 1 to 30
extern const struct form form_parameter; // no line breaks, no tabs, at most four blanks in a row

// judge_media.c
extern const struct shape judge_image; // and a video
extern const struct shape judge_audio;
extern const struct shape judge_document;
extern const struct shape judge_sticker;
extern const struct shape judge_image_without_caption;
extern const struct shape judge_document_without_caption;

// judge_contacts.c, judge_template.c, judge_interactive.c
extern const struct shape judge_contact;
extern const struct shape judge_template;
extern const struct shape judge_interactive;
