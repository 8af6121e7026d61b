/* Tasks in the manner of libtask: a run queue, channels between tasks, a pointer passed as two
 * ints, tasks on stacks that are used again, and one context copied from another. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define STACK 32768
#define TASKS 6
#define ROOM 3

struct task {
  ucontext_t context;
  void (*start)(void *);
  void *argument;
  char *stack;
  struct task *next;
  int done, id;
};

struct channel {
  int buffer[ROOM], count, first, closed;
};

static ucontext_t scheduler, fresh;
static struct task *head, *tail, *running, *spare;
static struct channel numbers, squares;
static long switches;

static void ready(struct task *task) {
  task->next = NULL;
  if (tail)
    tail->next = task;
  else
    head = task;
  tail = task;
}

static void yield(void) {
  ready(running);
  switches++;
  swapcontext(&running->context, &scheduler);
}

static void enter(unsigned int low, unsigned int high) {
  struct task *task = (struct task *)((uintptr_t)low | (uintptr_t)high << 32);
  task->start(task->argument);
  task->done = 1;
  swapcontext(&task->context, &scheduler);
  abort();
}

static void create(int id, void (*start)(void *), void *argument) {
  struct task *task = spare;
  if (task) {
    spare = task->next;
  } else {
    task = malloc(sizeof *task);
    task->stack = malloc(STACK);
  }
  task->start = start;
  task->argument = argument;
  task->done = 0;
  task->id = id;
  task->context = fresh; /* a template, copied */
  task->context.uc_stack.ss_sp = task->stack;
  task->context.uc_stack.ss_size = STACK;
  task->context.uc_link = NULL;
  makecontext(&task->context, (void (*)(void))enter, 2, (unsigned int)(uintptr_t)task,
              (unsigned int)((uintptr_t)task >> 32));
  ready(task);
}

static void loop(void) {
  while (head) {
    running = head;
    head = head->next;
    if (!head)
      tail = NULL;
    swapcontext(&scheduler, &running->context);
    if (running->done) {
      printf("task %d is done\n", running->id);
      running->next = spare;
      spare = running;
    }
  }
}

static void send(struct channel *channel, int value) {
  while (channel->count == ROOM)
    yield();
  channel->buffer[(channel->first + channel->count++) % ROOM] = value;
}

static int receive(struct channel *channel, int *value) {
  while (channel->count == 0) {
    if (channel->closed)
      return 0;
    yield();
  }
  *value = channel->buffer[channel->first];
  channel->first = (channel->first + 1) % ROOM;
  channel->count--;
  return 1;
}

static int deep(struct channel *channel, int value, int depth) {
  volatile char filler[100];
  memset((char *)filler, depth, sizeof filler);
  if (depth > 0)
    value = deep(channel, value, depth - 1);
  else
    send(channel, value);
  return filler[value % 100] == depth ? value : -1;
}

static void produce(void *argument) {
  int i, n = *(int *)argument;
  for (i = 0; i < n; i++)
    if (deep(&numbers, i, i % 7) != i)
      abort();
  numbers.closed = 1;
}

static void square(void *argument) {
  double scale = *(double *)argument;
  int value;
  while (receive(&numbers, &value))
    send(&squares, (int)(value * value * scale));
  squares.closed = 1;
}

static void consume(void *argument) {
  int value;
  while (receive(&squares, &value))
    *(long *)argument += value;
}

int main(void) {
  static int n = 50;
  static double scale = 1.0;
  static long sum;
  int round;
  getcontext(&fresh);
  for (round = 0; round < 3; round++) {
    memset(&numbers, 0, sizeof numbers);
    memset(&squares, 0, sizeof squares);
    create(1, produce, &n);
    create(2, square, &scale);
    create(3, consume, &sum);
    loop();
    printf("round %d: %ld\n", round, sum);
    n += 10, scale *= 2;
  }
  printf("%ld yields\n", switches);
  return 0;
}
