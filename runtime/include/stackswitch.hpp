// stackswitch for C++17: `context` owns a handle, `generator<T>` is a range, and `fiber<Out, In>` exchanges
// values with who resumes it. With C++20 a generator is also a view (`std::ranges`).
//
// All values travel by move through a block of memory on the heap that both sides know. The block never
// moves, so this header is right with any compiler, with the plugin and without. What a body captures by
// reference is not in that block: without the plugin, such a variable must not be on the stack of a
// context that shares a region. It may be on a thread's own stack, on the heap, or static; or the context
// whose variable it is was made with `own_stack`.
//
// Objects belong to the thread that made them. An exception that leaves a body leaves the `resume` or the
// `++` that runs it. An object whose body has not ended cancels it when it is destroyed: the body's
// destructors run.
#ifndef STACKSWITCH_HPP
#define STACKSWITCH_HPP

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#if __cplusplus >= 202002L && __has_include(<ranges>)
#include <ranges>
#endif

#include <stackswitch.h>

namespace stackswitch {

// Has a context share the regions of its thread, and be displaced where others need the place.
struct shared_stack {};

// Gives a context a region of its own, with so much address space: its stack is never displaced.
struct own_stack {
  std::size_t bytes = 256 * 1024;
};

// Owns a context, and its base if it has one of its own. May be empty.
class context {
public:
  using body = void *(*)(void *argument, void *first);

  context() noexcept = default;
  // Takes over a handle.
  explicit context(void *handle) noexcept : handle(handle) {}
  // Makes a context that will run `body(argument, first)`. Throws std::bad_alloc.
  context(shared_stack, body function, void *argument)
      : handle(stackswitch_spawn(nullptr, function, argument)) {
    if (!handle) throw std::bad_alloc();
  }
  context(own_stack stack, body function, void *argument) : base(stackswitch_base_create(stack.bytes)) {
    if (base) handle = stackswitch_spawn(base, function, argument);
    if (handle) return;
    if (base) stackswitch_base_destroy(base);
    throw std::bad_alloc();
  }
  context(context &&other) noexcept
      : handle(std::exchange(other.handle, nullptr)), base(std::exchange(other.base, nullptr)) {}
  context &operator=(context &&other) noexcept {
    context(std::move(other)).swap(*this);
    return *this;
  }
  ~context() { reset(); }

  void *get() const noexcept { return handle; }
  explicit operator bool() const noexcept { return handle != nullptr; }
  bool is_suspended() const noexcept {
    return handle && stackswitch_status(handle) == STACKSWITCH_SUSPENDED;
  }
  bool is_finished() const noexcept {
    return handle && stackswitch_status(handle) == STACKSWITCH_FINISHED;
  }
  void swap(context &other) noexcept {
    std::swap(handle, other.handle);
    std::swap(base, other.base);
  }

  // Finishes the context. If its body has begun it is unwound, so that its destructors run. A destructor
  // may suspend: then the context is resumed until it has finished.
  void cancel() {
    if (!handle || is_finished()) return;
    stackswitch_cancel(handle);
    while (is_suspended()) stackswitch_resume(handle, nullptr);
  }
  // Cancels the body and frees the context.
  void reset() noexcept {
    if (!handle) return;
    cancel();
    stackswitch_destroy(std::exchange(handle, nullptr));
    if (base) stackswitch_base_destroy(std::exchange(base, nullptr));
  }

private:
  void *handle = nullptr;
  void *base = nullptr; // null unless it is this context's alone
};

namespace detail {

// What both sides of a body know. On the heap: it never moves.
class state {
public:
  state() = default;
  state(const state &) = delete;
  state &operator=(const state &) = delete;
  virtual ~state() = default;

  bool is_done() const noexcept { return self.is_finished(); }

  // Runs the body until it suspends or ends.
  void resume() {
    if (inside) throw std::logic_error("stackswitch: the body is running already");
    if (is_done()) throw std::logic_error("stackswitch: the body has ended");
    inside_for_now now(inside);
    stackswitch_resume(self.get(), nullptr);
  }
  // Returns when the body is resumed.
  void suspend() {
    if (stackswitch_current() != self.get())
      throw std::logic_error("stackswitch: another body is suspended than the one that runs");
    stackswitch_suspend(nullptr);
  }
  void cancel() {
    if (inside) throw std::logic_error("stackswitch: the body is running");
    inside_for_now now(inside);
    self.cancel();
  }

  struct destroy {
    void operator()(state *state) const noexcept {
      // Its frames are in use: by a body that destroys itself, or the one that has resumed the running one.
      if (state->inside) std::terminate();
      state->cancel();
      delete state;
    }
  };

protected:
  context self;

private:
  bool inside = false; // between a resume and its end

  struct inside_for_now {
    bool &flag;
    explicit inside_for_now(bool &flag) noexcept : flag(flag) { flag = true; }
    ~inside_for_now() { flag = false; }
  };
};

// A state of the type `State`, with the body that is `function(state)`.
template <class State, class Function> class with_body final : public State {
public:
  template <class Stack>
  with_body(Stack stack, Function &&function) : function(std::move(function)) {
    this->self = context(stack, run, this);
  }

private:
  Function function;

  static void *run(void *object, void *) {
    auto *state = static_cast<with_body *>(object);
    State::call(*state, state->function);
    return nullptr;
  }
};

template <class State> using owner = std::unique_ptr<State, state::destroy>;

template <class State, class Stack, class Function> owner<State> make(Stack stack, Function &&function) {
  using decayed = std::decay_t<Function>;
  return owner<State>(new with_body<State, decayed>(stack, decayed(std::forward<Function>(function))));
}

struct nothing {};
template <class T> using value_of = std::conditional_t<std::is_void_v<T>, nothing, T>;

#if defined(__cpp_lib_ranges)
using view_base = std::ranges::view_base;
#else
struct view_base {};
#endif

} // namespace detail

// The values that a body hands out, one after the other: a range that can be gone through once. The body
// runs when the next value is asked for.
template <class T> class generator : public detail::view_base {
  struct state;

public:
  // What the body gets, by reference.
  class yield {
  public:
    yield(const yield &) = delete;
    // Hands a value out. Returns when the next one is asked for.
    void operator()(T value) {
      owner.value.emplace(std::move(value));
      owner.suspend();
    }

  private:
    friend struct state;
    explicit yield(state &owner) noexcept : owner(owner) {}
    state &owner;
  };

  struct sentinel {};
  class iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = T &;
    using pointer = T *;

    // A value may be moved from.
    T &operator*() const noexcept { return *values->value; }
    T *operator->() const noexcept { return &*values->value; }
    iterator &operator++() {
      values->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator &it, sentinel) noexcept { return !it.values->value; }
    friend bool operator!=(const iterator &it, sentinel end) noexcept { return !(it == end); }
    friend bool operator==(sentinel end, const iterator &it) noexcept { return it == end; }
    friend bool operator!=(sentinel end, const iterator &it) noexcept { return !(it == end); }

  private:
    friend class generator;
    explicit iterator(state *values) noexcept : values(values) {}
    state *values;
  };

  // `body(yield)` is called when the first value is asked for.
  template <class Body, class Stack = shared_stack,
            class = std::enable_if_t<std::is_invocable_v<std::decay_t<Body> &, yield &>>>
  explicit generator(Body &&body, Stack stack = {})
      : values(detail::make<state>(stack, std::forward<Body>(body))) {}

  // Runs the body to its first value, if it has not begun.
  iterator begin() {
    if (!values->has_begun) values->next();
    return iterator(values.get());
  }
  sentinel end() const noexcept { return {}; }

private:
  struct state : detail::state {
    std::optional<T> value;
    bool has_begun = false;
    yield out{*this};

    void next() {
      has_begun = true;
      value.reset();
      if (!this->is_done()) this->resume();
      // A value that was handed out last and not gone for is none.
      if (this->is_done()) value.reset();
    }
    template <class Function> static void call(state &self, Function &function) { function(self.out); }
  };

  detail::owner<state> values;
};

// A body that exchanges values with who resumes it: it gets an `In` with each resume, and gives an `Out`
// with each suspension and when it returns. Either may be void.
template <class Out = void, class In = void> class fiber {
  struct state;

public:
  // What the body gets, by reference.
  class link {
  public:
    link(const link &) = delete;
    // Gives a value, and returns what the next resume passes.
    template <class O = Out, std::enable_if_t<!std::is_void_v<O>, int> = 0> In suspend(O value) {
      owner.out.emplace(std::move(value));
      owner.suspend();
      return owner.received();
    }
    template <class O = Out, std::enable_if_t<std::is_void_v<O>, int> = 0> In suspend() {
      owner.out.emplace();
      owner.suspend();
      return owner.received();
    }

  private:
    friend struct state;
    explicit link(state &owner) noexcept : owner(owner) {}
    state &owner;
  };

  // The first resume calls `body(link, in)`; `body(link)` where In is void.
  template <class Body, class Stack = shared_stack,
            class = std::enable_if_t<!std::is_same_v<std::decay_t<Body>, fiber>>>
  explicit fiber(Body &&body, Stack stack = {})
      : shared(detail::make<state>(stack, std::forward<Body>(body))) {}

  // Runs the body until it suspends, returns or throws. std::logic_error: it runs already, or has ended.
  template <class I = In, std::enable_if_t<!std::is_void_v<I>, int> = 0> Out resume(I value) {
    if (!is_done()) shared->in.emplace(std::move(value));
    return shared->run();
  }
  template <class I = In, std::enable_if_t<std::is_void_v<I>, int> = 0> Out resume() {
    shared->in.emplace();
    return shared->run();
  }
  // Whether the body has returned, thrown or been cancelled.
  bool is_done() const noexcept { return shared->is_done(); }
  // Unwinds a suspended body, so that its destructors run. One that has not begun never will. An exception
  // of a cleanup's leaves here. std::logic_error: the body is running.
  void cancel() { shared->cancel(); }

private:
  struct state : detail::state {
    std::optional<detail::value_of<In>> in;
    std::optional<detail::value_of<Out>> out;
    link to_resumer{*this};

    Out run() {
      out.reset();
      this->resume();
      if constexpr (!std::is_void_v<Out>) {
        if (!out) throw std::logic_error("stackswitch: the body has given no value");
        return std::move(*out);
      }
    }
    In received() {
      if constexpr (!std::is_void_v<In>) return std::move(*in);
    }
    template <class Function> static void call(state &self, Function &function) {
      if constexpr (std::is_void_v<Out> && std::is_void_v<In>) {
        function(self.to_resumer);
      } else if constexpr (std::is_void_v<Out>) {
        function(self.to_resumer, self.received());
      } else if constexpr (std::is_void_v<In>) {
        self.out.emplace(function(self.to_resumer));
      } else {
        self.out.emplace(function(self.to_resumer, self.received()));
      }
    }
  };

  detail::owner<state> shared;
};

} // namespace stackswitch

#endif
