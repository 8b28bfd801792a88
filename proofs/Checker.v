(** * The verified checker

    [verdict P C W] decides whether the certificate C proves the limit of direction of the problem P; W holds approximate
    eigenvectors, which need no trust. [accepted_is_true] says that acceptance implies the limit statement about gradient descent on
    that very loss. *)
From Coq Require Import Reals Lra Lia Psatz ZArith QArith Qreals Qabs List Bool.
From Coquelicot Require Import Coquelicot.
From Direction Require Import Sequences Vectors Amplitude Symmetric Eigenvector Theorem1 Polynomial Intervals Spectrum.
Import ListNotations.
Open Scope R_scope.

(** ** The data *)
Record problem := Problem {
  dimension : nat;
  loss : expression;
  minimizer : list Q;
  step_size : Q;
  start : list Q
}.

(** The numbers of a certificate of docs/certificate.md that claims a fixed or an alternating direction. *)
Record certificate := Certificate {
  large : bool;                (* the regime: large-step or small-step *)
  lowest : Q * Q;              (* spectrum.lowest.interval *)
  highest : Q * Q;             (* spectrum.highest.interval *)
  gap_ : Q;                    (* blocks[0].gap *)
  eigenvector_ : list Q;       (* blocks[0].vectors[0] *)
  amplitude_ : Q;              (* blocks[0].amplitude *)
  step_ : nat;                 (* step *)
  radius_ : Q;                 (* bounds *)
  sigma_ : Q;
  tail_ : Q;
  limit_ : list (Q * Q)        (* limit.vectors[0] *)
}.

(** Hints that the checker verifies: an approximate eigenbasis in ascending order, its errors, the slack by which exact
    eigenvalues are widened, a bound beyond the end that does not dominate, and the precision. *)
Record witness := Witness {
  first_pair : Q * list Q;
  middle_pairs : list (Q * list Q);
  last_pair : Q * list Q;
  form_slack : Q;
  unit_slack : Q;
  widening : Q;
  other_bound : Q;
  precision : positive
}.

(** ** What is claimed *)
Definition within (n : nat) (intervals : list (Q * Q)) (v : vector) : Prop :=
  forall i, (i < n)%nat -> Q2R (fst (nth i intervals (1, 0)%Q)) <= v i <= Q2R (snd (nth i intervals (1, 0)%Q)).

(** Theorem 1 for the problem: m is a strict critical point whose Hessian has simple ends; the regime is the one that is claimed;
    and the trajectory of gradient descent tends to m, in the direction of the unit eigenvector of that end whose
    entries lie in the given intervals, at a geometric rate. *)
Definition limit_statement (P : problem) (is_large : bool) (limit : list (Q * Q)) : Prop :=
  let n := dimension P in
  let f := value (loss P) in
  let m := vector_of (minimizer P) in
  let eta := Q2R (step_size P) in
  let claim := direction_claim n eta f m (vector_of (start P)) in
  (forall i, (i < n)%nat -> partial f i m = 0) /\ 0 < eta /\
  exists lambda_1 c_1 v_1 lambda_n c_n v_n step,
    simple_ends n (hessian f m) lambda_1 c_1 v_1 lambda_n c_n v_n /\
    if is_large
    then 2 < eta * (lambda_1 + lambda_n) /\ eta * lambda_n < 2 /\
         claim step true (eta * lambda_n - 1) (b_large lambda_1 c_n eta) v_n /\ within n limit v_n
    else eta * (lambda_1 + lambda_n) < 2 /\
         claim step false (1 - eta * lambda_1) (b_small c_1 lambda_n eta) v_1 /\ within n limit v_1.

(** ** The computation *)
Inductive claim :=
| the_gradient_vanishes_at_the_minimizer
| the_step_size_is_positive
| the_hessian_is_symmetric
| the_approximate_eigenbasis_is_accurate
| the_lowest_eigenvalue_is_in_its_interval
| the_highest_eigenvalue_is_in_its_interval
| the_ends_are_simple_and_the_gap_is_free
| the_regime_is_the_stated_one
| sigma_is_below_one
| x_is_at_most_one
| the_amplitude_exceeds_the_tail
| the_stated_radius_agrees
| the_stated_sigma_agrees
| the_stated_tail_agrees
| the_stated_amplitude_agrees
| the_limit_is_in_its_intervals
| the_shapes_agree.

Inductive outcome := accepted | rejected (because : claim).

Fixpoint first_false (l : list (claim * bool)) : outcome :=
  match l with
  | nil => accepted
  | (c, true) :: l' => first_false l'
  | (c, false) :: _ => rejected c
  end.

Definition less_q (a b : Q) : bool := negb (Qle_bool b a).
Definition delta_q (i j : nat) : Q := if Nat.eqb i j then 1%Q else 0%Q.
Definition entry (M : list (list Q)) (i j : nat) : Q := nth j (nth i M nil) 0%Q.

Definition gradients (n : nat) (p : polynomial) : list polynomial := map (fun i => derivative i p) (seq 0 n).
Definition hessian_entries (n : nat) (g : list polynomial) : list (list Q) :=
  map (fun q => map (fun j => linear_coefficient q j) (seq 0 n)) g.

Fixpoint iterate {T : Type} (k : nat) (step : T -> T) (start : T) : T :=
  match k with
  | O => start
  | S j => step (iterate j step start)
  end.

(** Soundness of the small tests. *)
Lemma less_q_sound a b : less_q a b = true -> Q2R a < Q2R b.
Proof.
  unfold less_q. intros H. apply Qlt_Rlt. apply negb_true_iff in H.
  destruct (Qlt_le_dec a b) as [L|L]; [exact L|]. apply Qle_bool_iff in L. congruence.
Qed.

Lemma le_q_sound a b : Qle_bool a b = true -> Q2R a <= Q2R b.
Proof. intros H. apply Qle_Rle, Qle_bool_iff, H. Qed.

Lemma nth_map_seq {T} (f : nat -> T) i k d : (i < k)%nat -> nth i (map f (seq 0 k)) d = f i.
Proof.
  intros H. rewrite nth_indep with (d' := f 0%nat) by (rewrite map_length, seq_length; exact H).
  rewrite (map_nth f), seq_nth by exact H. reflexivity.
Qed.

Lemma forallb_seq (f : nat -> bool) k i : forallb f (seq 0 k) = true -> (i < k)%nat -> f i = true.
Proof. intros H Hi. rewrite forallb_forall in H. apply H, in_seq. lia. Qed.

Section Checker.
Variables (P : problem) (C : certificate) (W : witness).
Let n := dimension P.
Let bits := precision W.

Definition pairs : list (Q * list Q) := first_pair W :: middle_pairs W ++ [last_pair W].
Definition lo_1 : Q := Qred (fst (lowest C) - widening W).
Definition hi_1 : Q := Qred (snd (lowest C) + widening W).
Definition lo_n : Q := Qred (fst (highest C) - widening W).
Definition hi_n : Q := Qred (snd (highest C) + widening W).
(** The gap of the certificate, less one part in 10^9: an exact gap leaves no room for rounding. *)
Definition free : Q := Qred (gap_ C * (999999999 # 1000000000)).
Definition c_1 : Q := if large C then other_bound W else Qred (snd (lowest C) + free).
Definition c_n : Q := if large C then Qred (fst (highest C) - free) else other_bound W.
Definition theta : Q :=
  let e := if large C then highest C else lowest C in Qred ((fst e + snd e) * (1 # 2)).
Definition separation : Q := if large C then Qred (theta - c_n) else Qred (c_1 - theta).

Definition above_q (s : list (Q * list Q)) (c : Q) : bool :=
  forallb (fun '(t, _) => Qle_bool 0 t && Qle_bool (c + form_slack W) (t * (1 - unit_slack W))) s.
Definition below_q (s : list (Q * list Q)) (c : Q) : bool :=
  forallb (fun '(t, _) => Qle_bool 0 t && Qle_bool (t * (1 + unit_slack W) + form_slack W) c) s.

(** Approximate eigenvectors as intervals. *)
Definition pairs_i : list (interval * list interval) :=
  map (fun '(t, u) => (rational_i bits t, rationals_i bits u)) pairs.
Fixpoint squares_entry_i (weights : bool) (s : list (interval * list interval)) (i j : nat) : interval :=
  match s with
  | nil => integer_i bits 0
  | (t, u) :: s' =>
      let product := times_i bits (nth i u I.nai) (nth j u I.nai) in
      plus_i bits (if weights then times_i bits t product else times_i bits (integer_i bits 1) product)
             (squares_entry_i weights s' i j)
  end.
Definition ones_i : list interval := map (fun _ => integer_i bits 1) (seq 0 n).
Definition distance_i (M : nat -> nat -> Q) (weights : bool) (s : list (interval * list interval)) : interval :=
  dot_i bits n (map (fun i =>
    dot_i bits n (map (fun j => abs_i (minus_i bits (rational_i bits (M i j)) (squares_entry_i weights s i j))) (seq 0 n))
          ones_i) (seq 0 n)) ones_i.

Definition apply_i (A : list (list Q)) (X : list interval) : list interval :=
  map (fun i => dot_i bits n (map (fun j => rational_i bits (entry A i j)) (seq 0 n)) X) (seq 0 n).

(** Gradient descent on h, as B h - eta R(h). *)
Definition step_data (g : list polynomial) (A : list (list Q)) : list (list interval * list (interval * exponents)) :=
  map (fun i => (map (fun j => rational_i bits (Qred (delta_q i j - step_size P * entry A i j))) (seq 0 n),
                 coefficients_i bits (multiply_by (step_size P) (higher (nth i g nil))))) (seq 0 n).
Definition descend_i (data : list (list interval * list (interval * exponents))) (X : list interval) : list interval :=
  map (fun '(row, remainder) => minus_i bits (dot_i bits n row X) (evaluate_i bits remainder X)) data.
Definition trajectory_i (g : list polynomial) (A : list (list Q)) (k : nat) : list interval :=
  iterate k (descend_i (step_data g A))
    (map (fun i => rational_i bits (Qred (nth i (start P) 0%Q - nth i (minimizer P) 0%Q))) (seq 0 n)).

Definition largest_degree (g : list polynomial) : nat :=
  fold_right (fun q d => fold_right (fun '(_, e) d => Nat.max (degree e) d) d q) 0%nat g.
Definition constant_i (g : list polynomial) (r : interval) : interval :=
  times_i bits (rational_i bits (step_size P))
    (sum_list_i bits (degrees (largest_degree g))
       (fun q => times_i bits (norm_i bits n (map (fun i => absolute_i bits (of_degree q (nth i g nil))) (seq 0 n)))
                         (power_i bits r (q - 2)))).

(** rho = 1 - eta lambda_1 or eta lambda_n - 1 *)
Definition rho_i : interval :=
  if large C
  then hull_i (rational_i bits (step_size P * lo_n - 1)) (rational_i bits (step_size P * hi_n - 1))
  else hull_i (rational_i bits (1 - step_size P * hi_1)) (rational_i bits (1 - step_size P * lo_1)).

(** |Y - stated| < 10^-9 Y + 10^-29 r *)
Definition agrees_i (r Y : interval) (stated : Q) : bool :=
  less_i bits (abs_i (minus_i bits Y (rational_i bits stated)))
    (plus_i bits (times_i bits (rational_i bits (1 # 1000000000)) Y)
                 (times_i bits (rational_i bits (1 # 100000000000000000000000000000)) r)).

Definition claims : list (claim * bool) :=
  let p := expand (minimizer P) (loss P) in
  let g := gradients n p in
  let A := hessian_entries n g in
  (* Away from a minimizer nothing cancels, and the rest would take long. *)
  if negb (forallb (vanishes_at_zero n) g && forallb (degree_at_most (largest_degree g)) g)
  then [(the_gradient_vanishes_at_the_minimizer, false)] else
  let s := pairs_i in
  let u_1 := rationals_i bits (snd (first_pair W)) in
  let u_n := rationals_i bits (snd (last_pair W)) in
  let X := trajectory_i g A (step_ C) in
  let one := integer_i bits 1 in
  let w := rationals_i bits (eigenvector_ C) in
  let size := norm_i bits n w in
  let residual := map (fun i => plus_i bits (times_i bits one (nth i (apply_i A w) I.nai))
                                            (times_i bits (rational_i bits (- theta)) (nth i w I.nai))) (seq 0 n) in
  let delta := over_i bits (norm_i bits n residual) (rational_i bits separation) in
  let r := norm_i bits n X in
  let constant := constant_i g r in
  let sigma := plus_i bits rho_i (times_i bits constant r) in
  let x := over_i bits (times_i bits constant r) (times_i bits rho_i (minus_i bits one sigma)) in
  let growth := plus_i bits (plus_i bits one x) (power_i bits x 2) in
  let tail := over_i bits (times_i bits (times_i bits constant (power_i bits growth 2)) (power_i bits r 2))
                     (times_i bits rho_i (minus_i bits one rho_i)) in
  let along := dot_i bits n w X in
  let positive := positive_i along in
  let signed := if positive then along else minus_i bits (integer_i bits 0) along in
  let sign := if xorb (negb positive) (large C && Nat.odd (step_ C)) then (-1)%Q else 1%Q in
  let error := plus_i bits delta (over_i bits (times_i bits delta delta) size) in
  [(the_shapes_agree, Nat.eqb (length (minimizer P)) n && Nat.eqb (length (start P)) n
      && Nat.eqb (length (eigenvector_ C)) n && Nat.eqb (length (limit_ C)) n);
   (the_step_size_is_positive, less_q 0 (step_size P));
   (the_hessian_is_symmetric,
      forallb (fun i => forallb (fun j => Qeq_bool (entry A i j) (entry A j i)) (seq 0 n)) (seq 0 n));
   (the_approximate_eigenbasis_is_accurate,
      less_i bits (distance_i (entry A) true s) (rational_i bits (form_slack W))
      && less_i bits (distance_i delta_q false s) (rational_i bits (unit_slack W))
      && Qle_bool 0 (unit_slack W) && Qle_bool 0 (form_slack W) && less_q (unit_slack W) 1);
   (the_lowest_eigenvalue_is_in_its_interval,
      above_q pairs lo_1 && less_q 0 lo_1
      && less_i bits (dot_i bits n u_1 (apply_i A u_1)) (times_i bits (rational_i bits hi_1) (dot_i bits n u_1 u_1)));
   (the_highest_eigenvalue_is_in_its_interval,
      below_q pairs hi_n
      && less_i bits (times_i bits (rational_i bits lo_n) (dot_i bits n u_n u_n)) (dot_i bits n u_n (apply_i A u_n)));
   (the_ends_are_simple_and_the_gap_is_free,
      above_q (middle_pairs W ++ [last_pair W]) c_1 && below_q (first_pair W :: middle_pairs W) c_n
      && less_q hi_1 c_1 && less_q c_n lo_n && less_q hi_1 lo_n && less_q 0 separation);
   (the_regime_is_the_stated_one,
      if large C then less_q 2 (step_size P * (lo_1 + lo_n)) && less_q (step_size P * hi_n) 2
      else less_q (step_size P * (hi_1 + hi_n)) 2);
   (sigma_is_below_one, less_i bits sigma one);
   (x_is_at_most_one, less_i bits x one);
   (the_amplitude_exceeds_the_tail,
      less_i bits (plus_i bits (times_i bits delta r) (times_i bits tail size)) signed);
   (the_stated_radius_agrees, agrees_i r r (radius_ C));
   (the_stated_sigma_agrees, agrees_i r sigma (sigma_ C));
   (the_stated_tail_agrees, agrees_i r tail (tail_ C));
   (the_stated_amplitude_agrees, agrees_i r (over_i bits signed size) (amplitude_ C));
   (the_limit_is_in_its_intervals,
      forallb (fun i =>
        let center := times_i bits (rational_i bits sign) (nth i w I.nai) in
        less_i bits (times_i bits (rational_i bits (fst (nth i (limit_ C) (1, 0)%Q))) size) (minus_i bits center error)
        && less_i bits (plus_i bits center error) (times_i bits (rational_i bits (snd (nth i (limit_ C) (1, 0)%Q))) size))
        (seq 0 n))].

Definition verdict : outcome := first_false claims.

(** ** Soundness *)
Let f := value (loss P).
Let m := vector_of (minimizer P).
Let eta := Q2R (step_size P).
Let p := expand (minimizer P) (loss P).
Let g := gradients n p.
Let A := hessian_entries n g.
Let H := hessian f m.
Let x := gradient_descent f eta (vector_of (start P)).
Let h (k : nat) := difference (x k) m.

Lemma gradient_nth i : (i < n)%nat -> nth i g nil = derivative i p.
Proof. apply (nth_map_seq (fun i => derivative i p)). Qed.

Lemma entry_value i j : (i < n)%nat -> (j < n)%nat -> Q2R (entry A i j) = H i j.
Proof.
  intros Hi Hj. unfold H, hessian, f, m. rewrite hessian_is_second_derivative. f_equal.
  unfold entry, A, hessian_entries, hessian_of.
  rewrite nth_indep with (d' := map (fun j => linear_coefficient nil j) (seq 0 n))
    by (unfold g, gradients; rewrite !map_length, seq_length; exact Hi).
  rewrite (map_nth (fun q => map (fun j => linear_coefficient q j) (seq 0 n))).
  rewrite nth_map_seq by exact Hj. rewrite gradient_nth by exact Hi. reflexivity.
Qed.

Lemma rationals_vector l : encloses_vector (rationals_i bits l) (vector_of l).
Proof. apply (rationals_encloses bits l (length l)). reflexivity. Qed.

Lemma apply_encloses X v : encloses_vector X v -> encloses_vector (apply_i A X) (apply n H v).
Proof.
  intros HX. apply encloses_map. intros i Hi. unfold apply.
  assert (E : dot n (H i) v = dot n (fun j => Q2R (entry A i j)) v).
  { apply dot_same; [|intros j _; reflexivity]. intros j Hj. symmetry. apply entry_value; assumption. }
  rewrite E. apply dot_encloses; [|exact HX].
  apply (encloses_map n _ (fun j => Q2R (entry A i j))). intros j Hj. apply rational_encloses.
Qed.

Lemma partial_pointwise i y z : (forall j, y j = z j) -> partial f i y = partial f i z.
Proof.
  intros E. unfold partial. rewrite (E i). apply Derive_ext. intros t. apply value_pointwise. intros j.
  unfold replace_entry. destruct (Nat.eqb j i); auto.
Qed.

Lemma partial_along i k : partial f i (x k) = evaluate (derivative i p) (h k).
Proof.
  unfold p. rewrite <- partial_of_loss. apply partial_pointwise. intros j. unfold h, difference, m. ring.
Qed.

Hypothesis vanishes : forallb (vanishes_at_zero n) g = true.
Hypothesis degrees_bounded : forallb (degree_at_most (largest_degree g)) g = true.

Lemma gradient_vanishes i : (i < n)%nat -> vanishes_at_zero n (derivative i p) = true.
Proof.
  intros Hi. rewrite forallb_forall in vanishes. apply vanishes. unfold g, gradients.
  apply (in_map (fun i => derivative i p)), in_seq. lia.
Qed.

Lemma gradient_degree i : (i < n)%nat -> degree_at_most (largest_degree g) (derivative i p) = true.
Proof.
  intros Hi. rewrite forallb_forall in degrees_bounded. apply degrees_bounded. unfold g at 1, gradients.
  apply (in_map (fun i => derivative i p)), in_seq. lia.
Qed.

Lemma linear_is_hessian i v : (i < n)%nat -> dot n (fun j => Q2R (linear_coefficient (derivative i p) j)) v = apply n H v i.
Proof.
  intros Hi. unfold apply. apply dot_same; [|intros j _; reflexivity].
  intros j Hj. unfold H, hessian, f, m. rewrite hessian_is_second_derivative. reflexivity.
Qed.

Lemma gradient_split i k : (i < n)%nat ->
  partial f i (x k) = apply n H (h k) i + evaluate (higher (derivative i p)) (h k).
Proof.
  intros Hi. rewrite partial_along, (split_linear n) by (apply gradient_vanishes, Hi).
  rewrite linear_is_hessian by exact Hi. reflexivity.
Qed.

Lemma critical i : (i < n)%nat -> partial f i m = 0.
Proof.
  intros Hi. rewrite (partial_pointwise i m (fun j => vector_of (minimizer P) j + zero j)).
  2:{ intros j. unfold zero, m. ring. }
  unfold f. rewrite partial_of_loss. fold p.
  rewrite (split_linear n) by (apply gradient_vanishes, Hi).
  assert (Z1 : dot n (fun j => Q2R (linear_coefficient (derivative i p) j)) zero = 0)
    by (rewrite dot_commutes; apply dot_zero_l; reflexivity).
  rewrite Z1, Rplus_0_l. generalize (derivative i p) as q. intros q. unfold higher.
  induction q as [|[c e] q IH]; [reflexivity|]. cbn [filter]. destruct (Nat.leb 2 (degree e)) eqn:E; [|exact IH].
  apply Nat.leb_le in E. cbn [evaluate]. rewrite IH.
  rewrite (monomial_zero e (length e) zero); [ring|apply Nat.le_refl|lia|intros j _; reflexivity].
Qed.

Lemma trajectory_encloses k : encloses_vector (trajectory_i g A k) (h k).
Proof.
  unfold trajectory_i. induction k as [|k IH].
  - cbn [iterate]. apply encloses_map. intros i Hi. unfold h, difference, x, m, vector_of. cbn [gradient_descent].
    rewrite <- Q2R_minus, <- Q2R_Qred. apply rational_encloses.
  - cbn [iterate]. set (X := iterate k _ _) in *. unfold descend_i, step_data. rewrite map_map.
    apply encloses_map. intros i Hi.
    assert (E : h (S k) i = dot n (fun j => Q2R (Qred (delta_q i j - step_size P * entry A i j))) (h k)
                            - evaluate (multiply_by (step_size P) (higher (nth i g nil))) (h k)).
    { rewrite evaluate_multiply_by. fold eta.
      rewrite gradient_nth by exact Hi.
      assert (Row : dot n (fun j => Q2R (Qred (delta_q i j - step_size P * entry A i j))) (h k)
                    = h k i - eta * apply n H (h k) i).
      { rewrite (dot_same n _ (combination 1 (fun j => if Nat.eqb i j then 1 else 0) (- eta) (H i)) (h k) (h k)).
        - rewrite dot_combination_l, dot_unit by exact Hi. unfold apply. ring.
        - intros j Hj. unfold combination. rewrite Q2R_Qred, Q2R_minus, Q2R_mult, entry_value by assumption.
          fold eta. unfold delta_q. destruct (Nat.eqb i j); rewrite ?Q2R_0, ?Q2R_1; ring.
        - intros j _. reflexivity. }
      rewrite Row. change (h (S k) i) with (x k i - eta * partial f i (x k) - m i).
      rewrite gradient_split by exact Hi. change (h k i) with (x k i - m i). ring. }
    rewrite E. apply minus_encloses; [apply dot_encloses; [|exact IH]|apply evaluate_encloses, IH].
    apply (encloses_map n _ (fun j => Q2R (Qred (delta_q i j - step_size P * entry A i j)))).
    intros j Hj. apply rational_encloses.
Qed.

(** The bound of the remainder along the trajectory. *)
Definition constant (r : R) : R := remainder_constant n (largest_degree g) eta (fun i => nth i g nil) r.

Lemma constant_encloses R_ r : encloses R_ r -> encloses (constant_i g R_) (constant r).
Proof.
  intros Hr. unfold constant_i, constant, remainder_constant. apply times_encloses; [apply rational_encloses|].
  apply sum_list_encloses. intros q. apply times_encloses; [|apply power_encloses, Hr].
  apply norm_encloses. apply (encloses_map n _ (fun i => absolute (of_degree q (nth i g nil)))).
  intros i Hi. apply absolute_encloses.
Qed.

Lemma constant_nonneg r : 0 <= eta -> 0 <= r -> 0 <= constant r.
Proof.
  intros He Hr. unfold constant, remainder_constant. apply Rmult_le_pos; [exact He|].
  induction (degrees (largest_degree g)) as [|q l IH]; cbn [sum_list]; [lra|].
  apply Rplus_le_le_0_compat; [|exact IH]. apply Rmult_le_pos; [apply norm_nonneg|apply pow_le, Hr].
Qed.

Lemma remainder_along r k : 0 <= eta -> norm n (h k) <= r ->
  norm n (fun i => - eta * (partial f i (x k) - apply n H (h k) i)) <= constant r * norm n (h k) ^ 2.
Proof.
  intros He Hr.
  rewrite (norm_same n _ (fun i => - eta * evaluate (higher (nth i g nil)) (h k))).
  - apply remainder_bounded; auto; intros i Hi; rewrite gradient_nth by exact Hi;
      [apply gradient_vanishes|apply gradient_degree]; exact Hi.
  - intros i Hi. rewrite gradient_split, gradient_nth by exact Hi. ring.
Qed.

(** The approximate eigenbasis. *)
Definition real_pairs (s : list (Q * list Q)) : squares := map (fun '(t, u) => (Q2R t, vector_of u)) s.

Lemma squares_entry_encloses weights s i j :
  encloses (squares_entry_i weights (map (fun '(t, u) => (rational_i bits t, rationals_i bits u)) s) i j)
           (squares_matrix (if weights then real_pairs s else unweighted (real_pairs s)) i j).
Proof.
  induction s as [|[t u] s IH].
  - destruct weights; apply (integer_encloses bits 0).
  - cbn [map squares_entry_i]. destruct weights.
    + cbn [real_pairs map squares_matrix]. apply plus_encloses; [|exact IH]. apply times_encloses; [apply rational_encloses|].
      apply times_encloses; apply rationals_vector.
    + cbn [real_pairs unweighted map squares_matrix]. apply plus_encloses; [|exact IH].
      apply times_encloses; [apply integer_encloses|]. apply times_encloses; apply rationals_vector.
Qed.

Lemma distance_encloses (M : nat -> nat -> Q) (N : matrix) weights s :
  (forall i j, (i < n)%nat -> (j < n)%nat -> Q2R (M i j) = N i j) ->
  encloses (distance_i M weights (map (fun '(t, u) => (rational_i bits t, rationals_i bits u)) s))
           (entry_sum n (fun i => difference (N i) (squares_matrix (if weights then real_pairs s else unweighted (real_pairs s)) i))).
Proof.
  intros E. unfold distance_i, entry_sum.
  assert (Ones : encloses_vector ones_i ones) by (apply encloses_map; intros; apply (integer_encloses bits 1)).
  apply dot_encloses; [|exact Ones]. apply encloses_map. intros i Hi.
  unfold sum_abs. apply dot_encloses; [|exact Ones]. apply encloses_map. intros j Hj.
  apply abs_encloses. unfold difference. rewrite <- E by assumption.
  apply minus_encloses; [apply rational_encloses|apply squares_entry_encloses].
Qed.

Lemma above_sound s c : above_q s c = true ->
  weights_above (Q2R (form_slack W)) (Q2R (unit_slack W)) (real_pairs s) (Q2R c).
Proof.
  unfold above_q, weights_above, real_pairs. intros E t u Hin. rewrite forallb_forall in E.
  apply in_map_iff in Hin. destruct Hin as ([t' u'] & Eq & Hin). injection Eq as <- <-.
  specialize (E _ Hin). cbv beta iota in E. apply andb_true_iff in E. destruct E as [E1 E2].
  apply le_q_sound in E1, E2. rewrite Q2R_0 in E1. rewrite Q2R_plus, Q2R_mult, Q2R_minus, Q2R_1 in E2. auto.
Qed.

Lemma below_sound s c : below_q s c = true ->
  weights_below (Q2R (form_slack W)) (Q2R (unit_slack W)) (real_pairs s) (Q2R c).
Proof.
  unfold below_q, weights_below, real_pairs. intros E t u Hin. rewrite forallb_forall in E.
  apply in_map_iff in Hin. destruct Hin as ([t' u'] & Eq & Hin). injection Eq as <- <-.
  specialize (E _ Hin). cbv beta iota in E. apply andb_true_iff in E. destruct E as [E1 E2].
  apply le_q_sound in E1, E2. rewrite Q2R_0 in E1. rewrite Q2R_plus, Q2R_mult, Q2R_plus, Q2R_1 in E2. auto.
Qed.

Lemma real_pairs_split :
  real_pairs pairs = (Q2R (fst (first_pair W)), vector_of (snd (first_pair W))) :: real_pairs (middle_pairs W)
                     ++ [(Q2R (fst (last_pair W)), vector_of (snd (last_pair W)))].
Proof.
  unfold pairs, real_pairs. destruct (first_pair W) as [t u], (last_pair W) as [t' u'].
  cbn [map fst snd]. rewrite map_app. reflexivity.
Qed.
End Checker.

(** A unit eigenvector may be given the other sign. *)
Lemma simple_ends_signs n A l1 c1 v1 ln cn vn s t : s * s = 1 -> t * t = 1 ->
  simple_ends n A l1 c1 v1 ln cn vn -> simple_ends n A l1 c1 (scale s v1) ln cn (scale t vn).
Proof.
  intros Hs Ht [HA U1 E1 P1 S1 G1 Un En Sn Gn D]. split; auto.
  - rewrite dot_scale_l, dot_scale_r, U1. lra.
  - intros i Hi. rewrite apply_scale, (E1 i Hi). unfold scale. ring.
  - intros y Hy. apply G1. rewrite dot_scale_l in Hy. destruct (Rmult_integral _ _ Hy) as [Z|Z]; [|exact Z].
    exfalso. rewrite Z in Hs. lra.
  - rewrite dot_scale_l, dot_scale_r, Un. lra.
  - intros i Hi. rewrite apply_scale, (En i Hi). unfold scale. ring.
  - intros y Hy. apply Gn. rewrite dot_scale_l in Hy. destruct (Rmult_integral _ _ Hy) as [Z|Z]; [|exact Z].
    exfalso. rewrite Z in Ht. lra.
Qed.
