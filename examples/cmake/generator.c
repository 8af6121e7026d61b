/* A generator that is recursive: the leaves of a tree, one after the other.
 *
 * `walk` is the obvious function. It suspends wherever it comes to a leaf, however deep it is then.
 * Two such walks side by side tell whether two trees have the same leaves, and stop at the first
 * difference. */
#include <stdbool.h>
#include <stdio.h>

#include <stackswitch.h>

struct tree {
  const struct tree *left, *right; /* both, or none at a leaf */
  int64_t leaf;
};

static void walk(const struct tree *tree) {
  if (!tree->left) {
    stackswitch_suspend_i64(tree->leaf);
    return;
  }
  walk(tree->left);
  walk(tree->right);
}

static int64_t leaves(void *tree, int64_t first) {
  (void)first;
  walk(tree);
  return 0;
}

/* The next leaf, if there is one. */
static bool next(void *generator, int64_t *leaf) {
  *leaf = stackswitch_resume_i64(generator, 0);
  return stackswitch_status(generator) != 3; /* finished */
}

static bool same_leaves(const struct tree *one, const struct tree *other) {
  void *a = stackswitch_spawn_i64(NULL, leaves, (void *)one);
  void *b = stackswitch_spawn_i64(NULL, leaves, (void *)other);
  bool same, more;
  do {
    int64_t x = 0, y = 0;
    more = next(a, &x);
    same = more == next(b, &y) && x == y;
    if (more) printf(" %ld", (long)x);
  } while (same && more);
  /* A walk that is not at its end owns nothing, so it need not be unwound. */
  stackswitch_destroy(a);
  stackswitch_destroy(b);
  return same;
}

int main(void) {
  const struct tree one = {.leaf = 1}, two = {.leaf = 2}, three = {.leaf = 3}, four = {.leaf = 4};
  const struct tree one_two = {.left = &one, .right = &two};
  const struct tree two_three = {.left = &two, .right = &three};
  const struct tree two_four = {.left = &two, .right = &four};
  const struct tree left = {.left = &one_two, .right = &three};
  const struct tree right = {.left = &one, .right = &two_three};
  const struct tree other = {.left = &one, .right = &two_four};
  puts(same_leaves(&left, &right) ? ": the same leaves" : ": different");
  puts(same_leaves(&left, &other) ? ": the same leaves" : ": different");
  return 0;
}
