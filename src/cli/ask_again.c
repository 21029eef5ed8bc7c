#include "ask_again.h"

#include "buf.h"
#include "run_text.h"

static bool can_ask(const struct session *session)
{
    return session->output.messages_terminal && !session->settings.display.json;
}

/* Asks until the answer is one of those that `can_accept` allows. */
static enum answer ask_for(const struct buf *question, bool can_accept)
{
    enum answer answer;
    do {
        answer = ask(buf_string(question), ANSWER_NONE);
    } while (answer == ANSWER_ACCEPT && !can_accept);
    return answer;
}

static enum answer ask_to_redo(struct session *session, const struct rowbuild_estimate *estimate,
                               bool can_accept)
{
    struct buf text = BUF_EMPTY;
    enum answer answer = ANSWER_NONE;
    if (can_ask(session)) {
        buf_add_string(&text, "would redo ");
        run_text_add_again(&text, estimate);
        buf_add_string(&text, can_accept
                                  ? ". Redo them? [y]es, [n]o, [a]ccept the existing results: "
                                  : ". Redo them? [y]es, [n]o: ");
        answer = ask_for(&text, can_accept);
    }
    if (answer == ANSWER_NONE) {
        buf_clear(&text);
        run_text_add_again(&text, estimate);
        session_error(session,
                      "this would redo %s; use `--yes` to redo them, or `rowbuild accept` to "
                      "keep the existing results",
                      buf_string(&text));
    }
    buf_release(&text);
    return answer;
}

/* Their results stay where they are, but nothing is done with them any more. */
static enum answer ask_to_leave_out(struct session *session,
                                    const struct rowbuild_undeclared *undeclared)
{
    bool is_one = undeclared->directories == 1;
    struct buf text = BUF_EMPTY;
    enum answer answer = ANSWER_NONE;
    run_text_add_undeclared(&text, undeclared);
    if (can_ask(session)) {
        buf_addf(&text, ". Continue without %s? [y]es, [n]o: ", is_one ? "it" : "them");
        answer = ask_for(&text, false);
    }
    if (answer == ANSWER_NONE) {
        buf_clear(&text);
        run_text_add_undeclared(&text, undeclared);
        session_error(session, "%s; use `--yes` to continue without %s, or declare %s again",
                      buf_string(&text), is_one ? "it" : "them",
                      is_one ? "its point" : "their points");
    }
    buf_release(&text);
    return answer;
}

enum answer ask_again(struct session *session, const struct rowbuild_estimate *estimate,
                      bool can_accept)
{
    enum answer answer = ANSWER_YES;
    if (estimate->undeclared.core_hours > 0) {
        answer = ask_to_leave_out(session, &estimate->undeclared);
    }
    if (answer == ANSWER_YES && estimate->again > 0) {
        answer = ask_to_redo(session, estimate, can_accept);
    }
    return answer;
}
