//! The order in which the contexts of a ring run.

/// The numbers below `length` in an order that is always the same and has no pattern.
pub fn shuffled(length: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for last in (1..length).rev() {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let random = (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as usize;
        order.swap(last, random % (last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::shuffled;

    #[test]
    fn a_shuffled_order_has_each_number_once_and_is_another_one() {
        let order = shuffled(1000);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..1000));
        let in_place = order.iter().enumerate().filter(|(at, number)| at == *number).count();
        assert!(in_place < 20, "{in_place} numbers stayed");
    }
}
